import Foundation

/// A file of a results directory, open for reading as long as this object is there.
final class RecordedFile {
    let descriptor: Int32

    init(_ path: String) throws(RecordedError) {
        do throws(InputFile.Failure) {
            descriptor = try InputFile.open(path, isRegular: true)
        } catch {
            throw RecordedError(path: path, error)
        }
    }

    deinit { close(descriptor) }
}

extension RecordedError {
    init(path: String, _ failure: InputFile.Failure) {
        self.init(
            path: path, reason: failure.isAbsence ? "there is no such file" : failure.reason)
        isAbsence = failure.isAbsence
    }
}
