import Glibc

/// Bytes in a file of their own, which goes with the last that speaks of them.
final class FileBytes: StoredBytes {
    let count: Int64
    private let path: String

    fileprivate init(path: String, count: Int64) {
        self.path = path
        self.count = count
    }

    deinit { unlink(path) }

    /// Opens the file anew for each run of bytes: readers may be many and slow, descriptors few.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        // What was put in its place meanwhile is not read.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return -1 }
        defer { close(file) }
        let count = pread(file, buffer.baseAddress, buffer.count, off_t(offset))
        return count > 0 ? count : -1
    }
}

final class FileWriter: BytesWriter {
    private let path: String
    private var file: Int32
    private var count: Int64 = 0
    private var isFinished = false

    init(path: String) throws(S3Failure) {
        self.path = path
        file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.failure("create a file") }
    }

    deinit {
        if file >= 0 { close(file) }
        if !isFinished { unlink(path) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(S3Failure) {
        var rest = bytes
        while rest.count > 0 {
            let written = write(file, rest.baseAddress, rest.count)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw Self.failure("write a file") }
            count += Int64(written)
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    func finish() throws(S3Failure) -> any StoredBytes {
        let closed = close(file)
        file = -1
        guard closed == 0 else { throw Self.failure("close a file") }
        isFinished = true
        return FileBytes(path: path, count: count)
    }

    private static func failure(_ operation: String) -> S3Failure {
        switch errno {
        case EMFILE, ENFILE: .busy("has no file descriptor left to \(operation) (ulimit -n)")
        case ENOSPC, EDQUOT: .diskFull
        case let code: .storage(operation, String(cString: strerror(code)))
        }
    }
}
