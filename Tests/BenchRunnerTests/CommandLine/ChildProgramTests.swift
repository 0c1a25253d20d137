import Foundation
import NetIO
import Testing

@testable import BenchRunner

@Suite struct ChildProgramTests {
    private static func shell(
        _ script: String, descriptors: [Int32: Int32] = [:]
    ) throws -> ChildProgram {
        try ChildProgram(
            ["/bin/sh", "-c", script], ["PATH": "/usr/bin:/bin"], descriptors: descriptors)
    }

    @Test("its exit code is told, also when it is asked for again")
    func exitCode() throws {
        let program = try Self.shell("exit 7")
        #expect(program.wait() == .exited(7))
        #expect(program.end() == .exited(7))
        #expect(!program.isRunning)
    }

    @Test("a signal that ended it is told as such, and as a shell does")
    func signal() throws {
        let program = try Self.shell("kill -TERM $$; sleep 60")
        #expect(program.wait() == .killed(signal: SIGTERM))
        #expect(program.wait().code == 128 + SIGTERM)
    }

    @Test("it runs until it is sent a signal")
    func running() throws {
        let program = try Self.shell("exec sleep 60")
        #expect(program.isRunning)
        #expect(!program.hasEnded(within: .milliseconds(1)))
        program.send(SIGTERM)
        #expect(program.wait() == .killed(signal: SIGTERM))
    }

    @Test("one that is not worth waiting for is not waited for")
    func notWorthWaiting() throws {
        let program = try Self.shell("exec sleep 60")
        #expect(!program.hasEnded(within: .seconds(60), while: { false }))
        program.killGroup()
        #expect(program.end() == .killed(signal: SIGKILL))
    }

    @Test("what it leaves behind does not keep it from having ended, and goes with its group")
    func leftBehind() throws {
        let pipe = try ChildProgram.pipe()
        defer { close(pipe.read) }
        let program = try Self.shell("sleep 60 & exit 3", descriptors: [1: pipe.write])
        close(pipe.write)
        #expect(program.wait() == .exited(3))
        program.killRest()
        // The end of the pipe comes when the last that holds it is gone.
        var byte: UInt8 = 0
        #expect(read(pipe.read, &byte, 1) == 0)
    }

    @Test("signals that are ignored here end it as they would without")
    func ignoredHere() throws {
        Glibc.signal(SIGPIPE, SIG_IGN)
        #expect(try Self.shell("kill -PIPE $$; exit 0").wait() == .killed(signal: SIGPIPE))
    }

    @Test("it has the descriptors that it was given, and no other of the first three")
    func descriptors() throws {
        let pipe = try ChildProgram.pipe()
        defer { close(pipe.read) }
        let program = try Self.shell(
            "echo seen >&4; cat; readlink /proc/self/fd/0 >&4", descriptors: [4: pipe.write])
        close(pipe.write)
        #expect(program.wait() == .exited(0))
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = read(pipe.read, &buffer, buffer.count)
        let seen = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
        #expect(seen == "seen\n/dev/null\n")
    }

    @Test("a program that is not there is an error with its reason")
    func notThere() {
        #expect(throws: SystemError(operation: "posix_spawn", code: ENOENT)) {
            try ChildProgram(["/nowhere/program"], [:], descriptors: [:])
        }
    }
}
