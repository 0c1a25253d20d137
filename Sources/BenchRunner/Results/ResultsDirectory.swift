import Foundation

/// Why results cannot be kept; ends the run with exit code 74.
struct ResultsError: Error {
    let path: String
    let operation: String
    let code: Int32

    /// What the system says, or what it means here.
    var reason: String {
        switch code {
        case ELOOP: "it is a link, and links are not written through"
        case ENXIO, ENOTSUP: "it is no file"
        case ESTALE: "the folder was replaced by another while results were written"
        default: String(cString: strerror(code))
        }
    }

    var commandError: CommandError {
        CommandError(
            exitCode: .resultsNotWritten,
            message: "cannot \(operation) \(path): \(reason)"
                + (DescriptorLimit.advice(code).map { "; " + $0 } ?? ""))
    }
}

/// One run's folder. It is made new or found empty: results are never overwritten.
struct ResultsDirectory: Sendable {
    let path: String
    /// What stood there at first: a link or another folder in its place is not written into.
    private let identity: FolderIdentity?
    /// There until the folder has its first results, so that of two runs that find it empty one gets it.
    static let claimName = ".claim"

    /// - Parameter requested: the folder to use; nil makes `results/<UTC time>-<name>`.
    init(requested: String?, name: String, startedAt: Date) throws(ResultsError) {
        if let requested {
            path = try Self.made(requested)
        } else {
            path = try Self.stamped(name, startedAt)
        }
        try Self.claim(path)
        identity = FolderIdentity(path)
    }

    private static func stamped(_ name: String, _ startedAt: Date) throws(ResultsError) -> String {
        let base = "results/\(Self.stamp(startedAt))-\(name)"
        try Self.makeFolder("results", mayExist: true)
        // Two runs within one second get different folders.
        for suffix in [""] + (2...99).map({ "-\($0)" }) {
            if mkdir(base + suffix, 0o755) == 0 { return base + suffix }
            guard errno == EEXIST else {
                throw ResultsError(path: base, operation: "make the results folder", code: errno)
            }
        }
        throw ResultsError(path: base, operation: "make the results folder", code: EEXIST)
    }

    /// One that is there already, for a run that goes on.
    init(existing path: String) {
        self.path = path
        identity = FolderIdentity(path)
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// Replaces a small file in one step, so that a reader never sees half of it.
    func replace(_ name: String, with bytes: [UInt8]) throws(ResultsError) {
        let temporary = file("." + name + ".new")
        guard FolderIdentity(path) == identity else {
            throw ResultsError(path: file(name), operation: "write", code: ESTALE)
        }
        do throws(ResultsError) {
            let output = try ResultFile(path: temporary)
            try output.append(bytes)
            try output.close()
            guard rename(temporary, file(name)) == 0 else {
                throw ResultsError(path: file(name), operation: "write", code: errno)
            }
            settle()
        } catch {
            unlink(temporary)
            throw ResultsError(path: file(name), operation: error.operation, code: error.code)
        }
    }

    /// There is something in it by which all others see that it is taken.
    func settle() { unlink(file(Self.claimName)) }

    /// `2026-04-10T22-48-18Z`: sorts by time and is a valid name everywhere.
    private static func stamp(_ date: Date) -> String {
        ISO8601DateFormatter().string(from: date).replacingOccurrences(of: ":", with: "-")
    }

    private static func made(_ path: String) throws(ResultsError) -> String {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            guard isFolder.boolValue else { throw unusable(path, ENOTDIR) }
            try checkEmpty(path)
        }
        try makeFolders(path)
        return path
    }

    private static func claim(_ path: String) throws(ResultsError) {
        let file = path + "/" + claimName
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let descriptor = open(file, flags, 0o644)
        guard descriptor >= 0 else {
            let code = errno
            guard code == EEXIST else {
                throw ResultsError(path: path, operation: "write into", code: code)
            }
            throw unusable(path, ENOTEMPTY)
        }
        close(descriptor)
        do throws(ResultsError) {
            // Another may have come and settled since it was seen empty.
            try checkEmpty(path, but: claimName)
        } catch {
            unlink(file)
            throw error
        }
    }

    private static func checkEmpty(_ path: String, but name: String? = nil) throws(ResultsError) {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [""]
        guard entries.allSatisfy({ $0 == name }) else { throw unusable(path, ENOTEMPTY) }
    }

    private static func unusable(_ path: String, _ code: Int32) -> ResultsError {
        ResultsError(
            path: path, operation: "use as a results folder (it must be new or empty)", code: code)
    }

    /// The folder, and those above it that are missing.
    private static func makeFolders(_ path: String) throws(ResultsError) {
        guard mkdir(path, 0o755) != 0 else { return }
        let code = errno
        let parent = (path as NSString).deletingLastPathComponent
        switch code {
        case EEXIST: return
        case ENOENT where !parent.isEmpty && parent != path: try makeFolders(parent)
        default: throw ResultsError(path: path, operation: "make the results folder", code: code)
        }
        try makeFolder(path, mayExist: true)
    }

    private static func makeFolder(_ path: String, mayExist: Bool) throws(ResultsError) {
        guard mkdir(path, 0o755) != 0 else { return }
        guard mayExist, errno == EEXIST else {
            throw ResultsError(path: path, operation: "make the folder", code: errno)
        }
    }
}

/// Which folder it is, by whatever name.
private struct FolderIdentity: Equatable {
    private let device: dev_t
    private let number: ino_t

    init?(_ path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        (device, number) = (facts.st_dev, facts.st_ino)
    }
}

/// A file that only grows. Its owner closes it once.
final class ResultFile {
    private let path: String
    private var descriptor: Int32
    private var byteCount: off_t = 0

    /// - Parameter continues: writes behind what the file has.
    init(path: String, continues: Bool = false) throws(ResultsError) {
        self.path = path
        let mode = continues ? O_WRONLY : O_WRONLY | O_CREAT | O_TRUNC
        // Not blocking: a pipe without a reader would be waited for without end.
        descriptor = open(path, mode | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0o644)
        guard descriptor >= 0 else {
            throw ResultsError(path: path, operation: "write", code: errno)
        }
        var facts = stat()
        // /dev/null is one that throws away, too.
        guard fstat(descriptor, &facts) == 0, [S_IFREG, S_IFCHR].contains(facts.st_mode & S_IFMT)
        else {
            _ = Glibc.close(descriptor)
            descriptor = -1
            throw ResultsError(path: path, operation: "write", code: ENOTSUP)
        }
        if continues { byteCount = max(0, lseek(descriptor, 0, SEEK_END)) }
    }

    /// One that is open already.
    init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

    /// Writes all of it or, on a disk that is full, nothing: half a row could not be read.
    func append(_ bytes: [UInt8]) throws(ResultsError) {
        var offset = 0
        while offset < bytes.count {
            let written = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else {
                let code = errno
                _ = ftruncate(descriptor, byteCount)
                throw ResultsError(path: path, operation: "write", code: code)
            }
            offset += written
        }
        byteCount += off_t(bytes.count)
    }

    func close() throws(ResultsError) {
        guard descriptor >= 0 else { return }
        let result = Glibc.close(descriptor)
        descriptor = -1
        guard result == 0 else { throw ResultsError(path: path, operation: "close", code: errno) }
    }
}
