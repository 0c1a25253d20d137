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

    /// - Parameter requested: the folder to use; nil makes `results/<UTC time>-<name>`.
    init(requested: String?, name: String, startedAt: Date) throws(ResultsError) {
        if let requested {
            try Self.claim(requested)
            path = requested
            return
        }
        let base = "results/\(Self.stamp(startedAt))-\(name)"
        try Self.makeFolder("results", mayExist: true)
        // Two runs within one second get different folders.
        for suffix in [""] + (2...99).map({ "-\($0)" }) {
            if mkdir(base + suffix, 0o755) == 0 {
                path = base + suffix
                return
            }
            guard errno == EEXIST else {
                throw ResultsError(path: base, operation: "make the results folder", code: errno)
            }
        }
        throw ResultsError(path: base, operation: "make the results folder", code: EEXIST)
    }

    /// One that is there already, for a run that goes on.
    init(existing path: String) { self.path = path }

    func file(_ name: String) -> String { path + "/" + name }

    /// Replaces a small file in one step, so that a reader never sees half of it.
    func replace(_ name: String, with bytes: [UInt8]) throws(ResultsError) {
        let temporary = file("." + name + ".new")
        do throws(ResultsError) {
            let output = try ResultFile(path: temporary)
            try output.append(bytes)
            try output.close()
            guard rename(temporary, file(name)) == 0 else {
                throw ResultsError(path: file(name), operation: "write", code: errno)
            }
        } catch {
            unlink(temporary)
            throw ResultsError(path: file(name), operation: error.operation, code: error.code)
        }
    }

    /// `2026-04-10T22-48-18Z`: sorts by time and is a valid name everywhere.
    private static func stamp(_ date: Date) -> String {
        ISO8601DateFormatter().string(from: date).replacingOccurrences(of: ":", with: "-")
    }

    private static func claim(_ path: String) throws(ResultsError) {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            let entries = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [""]
            guard isFolder.boolValue, entries.isEmpty else {
                throw ResultsError(
                    path: path, operation: "use as a results folder (it must be new or empty)",
                    code: isFolder.boolValue ? ENOTEMPTY : ENOTDIR)
            }
        }
        try makeFolders(path)
        guard access(path, W_OK) == 0 else {
            throw ResultsError(path: path, operation: "write into", code: errno)
        }
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
