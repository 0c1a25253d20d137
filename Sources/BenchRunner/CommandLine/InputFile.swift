import Foundation

/// A file that the user or a results directory names, opened as what it must be.
///
/// A pipe without a writer would be waited for without end, a device read without end: results are
/// regular files, and what is read at once has a limit.
enum InputFile {
    struct Failure: Error, Equatable {
        let reason: String
        var isAbsence = false
    }

    /// No plan, price list or record comes near it.
    static let limitBytes = 64 << 20

    /// A descriptor for reading; the caller closes it.
    ///
    /// - Parameter isRegular: takes nothing but regular files.
    static func open(_ path: String, isRegular: Bool) throws(Failure) -> Int32 {
        // Not blocking: a pipe without a writer is empty, and one with a writer can be left by Ctrl-C.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw Failure(
                reason: "cannot be read: \(String(cString: strerror(errno)))",
                isAbsence: errno == ENOENT || errno == ENOTDIR)
        }
        guard isRegular else { return descriptor }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Failure(reason: "is no file (\(kind(facts.st_mode)))")
        }
        return descriptor
    }

    /// The whole content.
    ///
    /// - Parameter isRegular: as for `open`; without it pipes are read, such as a shell's `<(…)`.
    static func read(
        _ path: String, isRegular: Bool = false, limit: Int = limitBytes
    ) throws(Failure) -> [UInt8] {
        let descriptor = try open(path, isRegular: isRegular)
        defer { close(descriptor) }
        var content: [UInt8] = []
        while true {
            let block = try Self.block(descriptor)
            if block.isEmpty { return content }
            content += block
            guard content.count <= limit else {
                throw Failure(reason: "is longer than \(limit) bytes")
            }
        }
    }

    /// The next bytes; none at the end.
    static func block(_ descriptor: Int32, bytes: Int = 1 << 18) throws(Failure) -> [UInt8] {
        while true {
            var code: Int32 = 0
            let block = [UInt8](unsafeUninitializedCapacity: bytes) { buffer, count in
                let received = Glibc.read(descriptor, buffer.baseAddress, bytes)
                code = received < 0 ? errno : 0
                count = max(0, received)
            }
            if code == EINTR { continue }
            if code == EAGAIN {
                try wait(descriptor)
                continue
            }
            guard code == 0 else {
                throw Failure(reason: "cannot be read: \(String(cString: strerror(code)))")
            }
            return block
        }
    }

    private static func wait(_ descriptor: Int32) throws(Failure) {
        guard !Interruption.isRequested else { throw Failure(reason: "was still to come") }
        var readable = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&readable, 1, 100)
    }

    private static func kind(_ mode: mode_t) -> String {
        switch mode & S_IFMT {
        case S_IFDIR: "a folder"
        case S_IFIFO: "a pipe"
        case S_IFCHR, S_IFBLK: "a device"
        case S_IFSOCK: "a socket"
        default: "something else"
        }
    }
}

extension InputFile {
    /// What a flag names.
    ///
    /// - Parameter source: where the name stands, such as `--plan`.
    static func read(
        _ path: String, for source: String, limit: Int = limitBytes
    ) throws(CommandError) -> [UInt8] {
        do throws(Failure) {
            return try read(path, limit: limit)
        } catch {
            throw CommandError(
                exitCode: Interruption.isRequested ? .interrupted : .usage,
                message: "\(source): '\(path)' \(error.reason)")
        }
    }
}
