import Measure
import Testing

@testable import BenchRunner

@Suite struct LoadTests {
    private func plan(
        _ words: [String], environment: [String: String] = [:]
    ) throws -> RunPlan {
        let arguments = try Arguments(words, for: .run)
        return try RunPlan(Settings(arguments, for: .run, environment: environment))
    }

    @Test(arguments: [("500", 500), ("500/s", 500), ("90/m", 1.5), ("36/h", 0.01), ("2.5", 2.5)])
    func `a rate is per second unless it says otherwise`(text: String, perSecond: Double) throws {
        #expect(try LoadText.rate(text, "--rate") == perSecond)
    }

    @Test(arguments: ["", "0", "0/s", "-1", "1e3", "five", "5/d", "2000000", "."])
    func `what is no rate above 0 is refused`(text: String) {
        #expect(throws: CommandError.self) { try LoadText.rate(text, "--rate") }
    }

    @Test func `stages are rates at times since the start, and end the cell`() throws {
        let load = try plan(["--stages", "0:0, 30s:500,2m:300/m", "--warmup", "30s"])
            .load(of: cell)
        let points = load.open?.schedule.profile.points
        #expect(points?.map(\.seconds) == [0, 30, 120])
        #expect(points?.map(\.perSecond) == [0, 500, 5])
        #expect(load.lengthNs == 120_000_000_000)
        #expect(load.ratePerSecond == 252.5)
    }

    @Test func `the stronger source decides the model, two of one source contradict`() throws {
        let rate = ["UPLOADBENCH_RATE": "50"]
        #expect(try plan(["-c", "4"], environment: rate).open == nil)
        let clients = ["UPLOADBENCH_CONCURRENCY": "4"]
        #expect(try plan(["-r", "50"], environment: clients).open?.profile.peakPerSecond == 50)
        #expect(throws: CommandError.self) {
            try plan([], environment: rate.merging(clients) { $1 })
        }
        let stages = try plan(["--stages", "0:1,5s:9"], environment: rate.merging(clients) { $1 })
        #expect(stages.open?.profile.endSeconds == 5)
    }

    @Test func `a round's strategies and sizes see one schedule, another round another`() throws {
        let plan = try plan(["-r", "50", "--arrivals", "poisson"])
        func firstTimes(_ scenario: Strategy, _ sizeBytes: Int64, _ round: Int) -> [Int64] {
            let cell = Cell(scenario: scenario, sizeBytes: sizeBytes, round: round)
            guard var stream = plan.load(of: cell).open?.schedule.stream() else { return [] }
            return (0..<10).compactMap { _ in stream.next()?.offsetNs }
        }
        let times = firstTimes(.presignedPut, 1024, 1)
        #expect(times.count == 10)
        #expect(firstTimes(.presignedPost, 4096, 1) == times)
        #expect(firstTimes(.presignedPut, 1024, 2) != times)
    }

    @Test func `a size that is known to be refused is one upload without a schedule`() throws {
        let load = try plan(["-r", "50"]).load(
            of: Cell(scenario: .proxyJSON, sizeBytes: 16 << 20, round: 1))
        #expect(load.clients == 1)
        #expect(load.extent == .uploads(1))
    }

    @Test func `a count ends after the arrivals of the warm-up and as many more`() throws {
        let load = try plan(["-r", "100", "-n", "7", "--warmup", "2s"]).load(of: cell)
        let control = CellControl(load, threads: 2) { 1000 }
        #expect(control.endIndex == 207)
        #expect(control.lastStartNs == nil)
        #expect(control.measureFromNs - control.startNs == 2_000_000_000)
    }

    @Test func `no more uploads than the cap are in flight`() throws {
        let load = try plan(["-r", "100"]).load(of: cell)
        let control = CellControl(load, threads: 1) { 0 }
        #expect(control.enter(atMost: 2))
        #expect(control.enter(atMost: 2))
        #expect(!control.enter(atMost: 2))
        control.leave()
        #expect(control.enter(atMost: 2))
        #expect(control.inFlight == 2)
    }

    @Test func `a lag of more than a tenth of the median marks the generator`() {
        for (lagUs, isLate) in [(99, false), (111, true)] as [(Int64, Bool)] {
            var measured = CellMeasurements()
            var sample = Sample()
            sample.startedNs = lagUs * 1000
            sample.endedNs = 1_000_000
            measured.record(sample, sizeBytes: 1)
            let open = OpenPlan(
                profile: RateProfile(constant: 1), spacing: .constant, maxInFlight: 1)
            var load = Load(
                model: .open(open.load(seed: 1, round: 1)), extent: .uploads(1), warmup: .zero)
            #expect(GeneratorHealth(load: load, measured, busyShare: 0).isLimit == isLate)
            load.model = .closed(clients: 1)
            #expect(!GeneratorHealth(load: load, measured, busyShare: 0).isLimit)
            #expect(GeneratorHealth(load: load, measured, busyShare: 0.97).isLimit)
        }
    }

    private let cell = Cell(scenario: .presignedPut, sizeBytes: 1024, round: 1)
}
