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
            let toChild = try ChildProgram.pipe()
            let fromChild = try ChildProgram.pipe()
            defer {
                close(toChild.read)
                close(fromChild.write)
            }
            (input, output) = (toChild.write, fromChild.read)
            var environment = ProcessInfo.processInfo.environment
            environment["HOME"] = profile
            identifier = try ChildProgram.spawn(
                [program]
                    + ChromiumProgram.arguments(profile: profile, trustsAnyone: trustsAnyone),
                environment, descriptors: [3: toChild.read, 4: fromChild.write])
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
}
