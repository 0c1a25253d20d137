import Measure
import Testbed
import Testing

@testable import BenchRunner

@Suite struct CellCostTests {
    private func plan(_ words: [String] = []) throws -> RunPlan {
        try RunPlan(
            Settings(Arguments(words, for: .run), for: .run, environment: ["NO_COLOR": "1"]))
    }

    /// A cell of three uploads of 1,000 bytes, of which nothing came back.
    private func cell(lambda: LambdaUse?, failures: Int = 0) -> CellResult {
        var result = ResultsTests.result(latenciesMs: [10, 20, 30], failures: failures)
        result.lambda = lambda
        return result
    }

    @Test func `a run's cell is priced by what its functions took`() throws {
        // Per million of presigned PUT: 2 calls 2.00, 2 functions 0.40, S3 5.40; six billed ms over three
        // uploads are 2 ms each: 0.002 s × 0.25 GB × 10⁶ = 500 GB-s × $0.0000166667 = 0.00833335.
        let result = cell(lambda: LambdaUse(invocations: 6, billedMs: 6))
        let cost = CellCost(try plan(), region: "us-east-1").perMillion(result)
        #expect(cost.map(PricedMillion.text) == "7.80833335")
    }

    @Test func `what nobody timed has no price, and nor has a region without prices`() throws {
        let plan = try plan()
        #expect(CellCost(plan, region: "us-east-1").perMillion(cell(lambda: nil)) == nil)
        let timed = cell(lambda: LambdaUse(invocations: 6, billedMs: 6))
        #expect(CellCost(plan, region: "mars-north-1").perMillion(timed) == nil)
    }

    @Test func `signed here, an upload is its PUT`() throws {
        let plan = try plan(["--signer", "local"])
        let cost = CellCost(plan, region: "us-east-1").perMillion(cell(lambda: nil))
        #expect(cost.map(PricedMillion.text) == "5.00")
    }
}
