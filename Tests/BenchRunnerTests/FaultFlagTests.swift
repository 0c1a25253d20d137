import Testbed
import Testing

@testable import BenchRunner

/// How `--fault` is written, and what is refused with which advice.
@Suite struct FaultFlagTests {
    private func parse(_ text: String) throws -> [FaultRole: [Fault]] {
        try FaultFlag.parse(text, "--fault")
    }

    @Test func `a role stands for all faults up to the next role`() throws {
        let wanted: [FaultRole: [Fault]] = [
            .store: [Fault(.status(503), share: 0.01), Fault(.reset, share: 0.001)],
            .gateway: [Fault(.status(500), share: 0.02)],
        ]
        #expect(try parse("store:503=1%,reset=0.1%;gateway:500=2%") == wanted)
        #expect(try parse("store:503=1%,reset=0.1%,gateway:500=2%") == wanted)
        #expect(try parse("store:503=1%,gateway:500=2%,store:reset=0.1%") == wanted)
        #expect(try parse("store:503=1%, reset=0.1%; gateway:500=2%") == wanted)
    }

    @Test(arguments: [
        ("store:503", Fault(.status(503))),
        ("store:503@5%", Fault(.status(503), share: 0.05)),
        ("store:reset=0%", Fault(.reset, share: 0)),
        ("store:stall=2s@0.5%", Fault(.stall(ns: 2_000_000_000), share: 0.005)),
        ("store:stall=300ms", Fault(.stall(ns: 300_000_000))),
        ("store:stall-answer=1m", Fault(.stallAnswer(ns: 60_000_000_000))),
        ("store:slow-read", Fault(.slowRead(bytesPerSecond: 65_536))),
        ("store:slow-read=5%", Fault(.slowRead(bytesPerSecond: 65_536), share: 0.05)),
        ("store:slow-read=1MiB/s@5%", Fault(.slowRead(bytesPerSecond: 1 << 20), share: 0.05)),
        ("store:truncate", Fault(.truncate)),
        ("store:corrupt-etag", Fault(.corruptETag)),
        ("store:reset-answer=100%", Fault(.resetAnswer)),
        ("store:close-after-headers", Fault(.closeAfterHeaders)),
    ])
    func `each fault has a share, and every request without one`(
        _ text: String, _ wanted: Fault
    ) throws {
        #expect(try parse(text) == [.store: [wanted]])
    }

    @Test(arguments: [
        ("503=1%", "needs a role before it; write store:503=1%"),
        ("", "needs a role before it"),
        ("store:", "unknown value ''"),
        ("sotre:503", "did you mean 'store'?"),
        ("store:rset", "did you mean 'reset'?"),
        ("store:truncat=1%", "did you mean 'truncate'?"),
        ("store:504", "store does not answer 504; it has 400, 403, 404, 409, 500, 503"),
        ("gateway:corrupt-etag", "corrupt-etag goes with store or accelerate"),
        ("store:stall", "write stall=2s or stall=2s@0.5%"),
        ("store:stall=0s", "must be longer than 0"),
        ("store:stall=soon", "is not a duration"),
        ("store:reset=7", "write reset=1%"),
        ("store:reset=101%", "is not a share"),
        ("store:reset=-1%", "is not a share"),
        ("store:stall=2s@1", "is not a share"),
        ("store:slow-read=0", "more than 0 bytes/s"),
        ("store:503=1%,503=2%", "names 503 of store twice"),
    ])
    func `what cannot be read is refused with what to write`(
        _ text: String, _ advice: String
    ) throws {
        let error = #expect(throws: CommandError.self) { try parse(text) }
        #expect(error?.exitCode == .usage)
        #expect(error?.message.contains(advice) == true, "\(error?.message ?? "")")
    }

    @Test func `a real target does not fail on demand`() throws {
        let words = ["--target", "http://127.0.0.1:9", "--bucket", "b", "--signer", "local"]
        let arguments = try Arguments(words + ["--fault", "store:503"], for: .run)
        let error = #expect(throws: CommandError.self) {
            try RunPlan(Settings(arguments, for: .run, environment: [:]))
        }
        #expect(error?.message.contains("--fault is for the embedded target") == true)
    }

    @Test func `every command that emulates takes it`() throws {
        for command in [Command.run, .capacity, .guardRails, .serve] {
            let arguments = try Arguments(["--fault", "store:503=1%"], for: command)
            let settings = try Settings(arguments, for: command, environment: [:])
            let wanted: [FaultRole: [Fault]] = [.store: [Fault(.status(503), share: 0.01)]]
            #expect(try FaultFlag.values(settings) == wanted)
        }
    }

    @Test func `a run hands it on as it was written`() throws {
        let arguments = try Arguments([], for: .run)
        let plan = try RunPlan(
            Settings(arguments, for: .run, environment: ["UPLOADBENCH_FAULT": "edge:503=1%"]))
        #expect(plan.emulation == ["fault": "edge:503=1%"])
    }
}
