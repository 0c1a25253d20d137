import Foundation

/// Held by the process that writes into a results directory, and gone with it however it ends: so
/// nobody resumes a run that still goes on, and no two resume the same one.
final class RunLock {
    static let fileName = ".lock"

    private let path: String
    private let descriptor: Int32

    /// nil when another process has it.
    init?(_ directory: String) throws(ResultsError) {
        path = directory + "/" + Self.fileName
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else {
            throw ResultsError(path: path, operation: "write", code: errno)
        }
        // A file system without locks cannot tell: then whoever resumes has to know.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }

    /// The run is complete: nobody needs it again.
    func remove() { unlink(path) }
}
