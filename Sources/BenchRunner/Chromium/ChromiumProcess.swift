import CLinux
import Foundation
import NetIO

/// A headless Chromium as a child process. It is told by the DevTools protocol over two pipes (descriptors
/// 3 and 4), and ends by itself when they close, so it cannot outlive this process, however that ends.
final class ChromiumProcess {
    /// What it reads, and what it writes.
    let input: Int32
    let output: Int32
    private let program: ChildProgram
    private let profile: String
    private var isStopped = false
    private static let endTimeLimit = Duration.seconds(5)

    init(trustsAnyone: Bool) throws(CommandError) {
        let path = try ChromiumProgram.find()
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
            program = try ChildProgram(
                [path]
                    + ChromiumProgram.arguments(profile: profile, trustsAnyone: trustsAnyone),
                environment, descriptors: [3: toChild.read, 4: fromChild.write])
        } catch {
            try? FileManager.default.removeItem(atPath: profile)
            throw CommandError(
                exitCode: .targetUnavailable, message: "\(path) cannot be started: \(error)")
        }
    }

    deinit { stop() }

    /// Ends it with all its processes, and removes its profile. What it was asked before is lost.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        close(input)
        close(output)
        if !program.hasEnded(within: Self.endTimeLimit) { program.killGroup() }
        program.killRest()
        removeProfile()
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
