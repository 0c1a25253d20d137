import Glibc

/// The directory of the files, held open: whatever takes its name later is not written into.
final class FileDirectory {
    private let descriptor: Int32

    /// Makes it where there is none.
    init(path: String) throws(S3Failure) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw Self.failure("make the directory \(path)")
        }
        descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("use the directory \(path)") }
        guard isOurs else {
            throw .storage(
                "use the directory \(path)",
                "other users may write into it; chmod o-w it, or name another")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Who may write into a directory may replace a file in it, unless the directory is sticky.
    private var isOurs: Bool {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { return false }
        let isOpen = facts.st_mode & S_IWOTH != 0 && facts.st_mode & S_ISVTX == 0
        return !isOpen && [geteuid(), 0].contains(facts.st_uid)
    }

    fileprivate func create(_ name: String) throws(S3Failure) -> Int32 {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let file = openat(descriptor, name, flags, 0o600)
        guard file >= 0 else { throw Self.failure("create a file") }
        return file
    }

    /// A regular file of this length. What was put in its place meanwhile is not read, and not waited
    /// for: the opening of a pipe would be.
    fileprivate func open(_ name: String, sizeBytes: Int64) throws(S3Failure) -> Int32 {
        let file = openat(descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { throw Self.failure("open a file") }
        var facts = stat()
        guard fstat(file, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG,
            facts.st_size == sizeBytes
        else {
            close(file)
            throw .storage("read a file", "it is not the one that was written")
        }
        return file
    }

    fileprivate func remove(_ name: String) { unlinkat(descriptor, name, 0) }

    fileprivate static func failure(_ operation: String) -> S3Failure {
        switch errno {
        case EMFILE, ENFILE: .busy("has no file descriptor left to \(operation) (ulimit -n)")
        case ENOSPC, EDQUOT: .diskFull
        case let code: .storage(operation, String(cString: strerror(code)))
        }
    }
}

/// Bytes in a file of their own, which goes with the last that speaks of them.
final class FileBytes: StoredBytes {
    let count: Int64
    private let directory: FileDirectory
    private let name: String

    fileprivate init(_ directory: FileDirectory, name: String, count: Int64) {
        self.directory = directory
        self.name = name
        self.count = count
    }

    deinit { directory.remove(name) }

    func check() throws(S3Failure) { close(try directory.open(name, sizeBytes: count)) }

    /// Opens the file anew for each run of bytes: readers may be many and slow, descriptors few.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let file = try? directory.open(name, sizeBytes: count) else { return -1 }
        defer { close(file) }
        let count = pread(file, buffer.baseAddress, buffer.count, off_t(offset))
        return count > 0 ? count : -1
    }
}

final class FileWriter: BytesWriter {
    private let directory: FileDirectory
    private let name: String
    private var file: Int32
    private var count: Int64 = 0
    private var isFinished = false

    init(_ directory: FileDirectory, name: String) throws(S3Failure) {
        self.directory = directory
        self.name = name
        file = try directory.create(name)
    }

    deinit {
        if file >= 0 { close(file) }
        if !isFinished { directory.remove(name) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(S3Failure) {
        var rest = bytes
        while rest.count > 0 {
            let written = write(file, rest.baseAddress, rest.count)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw FileDirectory.failure("write a file") }
            count += Int64(written)
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    func finish() throws(S3Failure) -> any StoredBytes {
        let closed = close(file)
        file = -1
        guard closed == 0 else { throw FileDirectory.failure("close a file") }
        isFinished = true
        return FileBytes(directory, name: name, count: count)
    }
}
