import Measure
import Testing

@testable import BenchRunner

@Suite struct CapacityFlagsTests {
    private func plan(_ words: [String]) throws -> CapacityPlan {
        let arguments = try Arguments(words, for: .capacity)
        let settings = try Settings(
            arguments, for: .capacity, environment: [:],
            planPath: arguments.all("plan").first { CapacityPlan.rate($0) == nil })
        return try CapacityPlan(arguments, settings)
    }

    private func cell(_ strategy: Strategy, _ size: Int64) -> Cell {
        Cell(scenario: strategy, sizeBytes: size, round: 1)
    }

    @Test func `objectives become shares of uploads that may miss them`() throws {
        let objectives = try CapacityObjectives(
            ["p99 < 300ms", "presigned-put 4MiB p95 < 2s"], "--slo")
        let all = objectives.concerning(cell(.presignedPost, 1))
        #expect(all.count == 1)
        #expect(abs(all[0].share - 0.01) < 1e-12 && all[0].limitNs == 300_000_000)
        #expect(all[0].countsFailures)
        let two = objectives.concerning(cell(.presignedPut, 4 << 20))
        #expect(two.count == 2 && abs(two[1].share - 0.05) < 1e-12)
    }

    @Test func `an objective about errors takes failures out of the response times`() throws {
        let objectives = try CapacityObjectives(["p99 < 300ms", "errors < 0.5%"], "--slo")
        let both = objectives.concerning(cell(.presignedPut, 1))
        #expect(both.map(\.countsFailures).first == false)
        #expect(both[1].miss == .failed && abs(both[1].share - 0.005) < 1e-12)
    }

    @Test(arguments: [
        ["--slo", "goodput > 20MiB/s"], ["--slo", "mean < 3ms"], ["--slo", "errors < 0%"],
        ["--slo", "upload p99 < 3ms"], [], ["--sweep", "1,2"], ["--sweep", "1,2,2,4"],
        ["--slo", "p99 < 1s", "--headroom", "30%"], ["--plan", "2000/s", "--headroom", "130%"],
        ["--plan", "2000/s", "--plan", "100/s"], ["--slo", "p99 < 1s", "--budget", "1s"],
    ])
    func `what cannot be searched for is a usage error`(words: [String]) {
        #expect(throws: CommandError.self) { try plan(words) }
    }

    @Test func `a plan that reads as a rate is a rate`() throws {
        let demand = try #require(
            try plan(["--plan", "2000/s", "--headroom", "25%", "--from", "x"]).demand)
        #expect(demand.perSecond == 2000 && demand.headroom == 0.25 && demand.path == "x")
        #expect(CapacityPlan.rate("90/m") == 1.5)
        #expect(CapacityPlan.rate("plan.json") == nil)
    }
}
