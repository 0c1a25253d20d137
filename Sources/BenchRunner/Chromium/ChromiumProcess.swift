import CLinux
import Foundation
import NetIO

/// A headless Chromium as a child process. It is told by the DevTools protocol over two pipes (descriptors
/// 3 and 4), and ends by itself when they close, so it cannot outlive this process, however that ends.
final class ChromiumProcess {
    /// What it reads, and what it writes.
    let input: Int32
    let output: Int32
    private let identifier: pid_t
    private let profile: String
    private var isReaped = false
    private static let endTimeLimitNs: UInt64 = 5_000_000_000

    init(trustsAnyone: Bool) throws(CommandError) {
        let program = try ChromiumProgram.find()
        profile = try Self.folder()
        do throws(SystemError) {
            let toChild = try Self.pipe()
            let fromChild = try Self.pipe()
            defer {
                close(toChild.read)
                close(fromChild.write)
            }
            (input, output) = (toChild.write, fromChild.read)
            identifier = try Self.spawn(
                [program]
                    + ChromiumProgram.arguments(profile: profile, trustsAnyone: trustsAnyone),
                home: profile, reads: toChild.read, writes: fromChild.write)
        } catch {
            try? FileManager.default.removeItem(atPath: profile)
            throw CommandError(
                exitCode: .targetUnavailable, message: "\(program) cannot be started: \(error)")
        }
    }

    deinit { stop() }

    /// Ends it with all its processes, and removes its profile. What it was asked before is lost.
    func stop() {
        guard !isReaped else { return }
        isReaped = true
        close(input)
        close(output)
        if !hasEnded(within: Self.endTimeLimitNs) {
            // It leads a group of its own.
            kill(-identifier, SIGKILL)
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        }
        kill(-identifier, SIGKILL)
        removeProfile()
    }

    private func hasEnded(within limitNs: UInt64) -> Bool {
        let deadline = DispatchTime.now().uptimeNanoseconds + limitNs
        var status: Int32 = 0
        while DispatchTime.now().uptimeNanoseconds < deadline {
            if waitpid(identifier, &status, WNOHANG) != 0 { return true }
            poll(nil, 0, 10)
        }
        return false
    }

    /// Its last processes may still write while it is removed.
    private func removeProfile() {
        for _ in 0..<50 {
            try? FileManager.default.removeItem(atPath: profile)
            guard FileManager.default.fileExists(atPath: profile) else { return }
            poll(nil, 0, 20)
        }
    }

    private static func folder() throws(CommandError) -> String {
        var template = Array((NSTemporaryDirectory() + "/uploadbench-chromium-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandError(
                exitCode: .targetUnavailable,
                message: "no temporary folder can be made: \(String(cString: strerror(errno)))")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Above the numbers that the child is to have, so that none is overwritten while it is set up.
    private static func pipe() throws(SystemError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw SystemError(operation: "pipe") }
        let moved = ends.map { end in
            let high = fcntl(end, F_DUPFD_CLOEXEC, 16)
            close(end)
            return high
        }
        guard moved.allSatisfy({ $0 >= 0 }) else { throw SystemError(operation: "fcntl") }
        return (moved[0], moved[1])
    }

    private static func spawn(
        _ words: [String], home: String, reads: Int32, writes: Int32
    ) throws(SystemError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in 0...2 {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, reads, 3)
        posix_spawn_file_actions_adddup2(&actions, writes, 4)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own: a terminal's Ctrl-C is for this process, which then ends the child in order.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        var environment = ProcessInfo.processInfo.environment
        environment["HOME"] = home
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] =
            environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (arguments + settings).forEach { free($0) } }
        var identifier = pid_t()
        let code = posix_spawn(
            &identifier, words[0], &actions, &attributes, &arguments, &settings)
        guard code == 0 else { throw SystemError(operation: "posix_spawn", code: code) }
        return identifier
    }
}
