import Testing

@testable import BenchRunner

@Suite struct RunCostsTests {
    @Test func `a run's costs are its rows' prices, in parts that add up`() throws {
        let run = try RecordedRun(RecordedFixture.path)
        let costs = RunCosts(try CostEvidence(run))
        // Both proxies were refused at 12 MiB.
        #expect(costs.entries.count == 9 * 3 - 2)
        for entry in costs.entries {
            let rows = run.cells.filter {
                $0.scenario == entry.invoice.strategy.rawValue && $0.sizeBytes == entry.sizeBytes
            }.compactMap(\.costUSDPerMillion)
            let mean = rows.reduce(0, +) / Double(rows.count)
            let total = try #require(entry.invoice.total?.dollars)
            // The bytes of answers are means over all sizes here and of the cell there.
            #expect(abs(total - mean) < 0.25, "\(entry.invoice.strategy) \(entry.sizeBytes)")
        }
        let figure = try #require(CostFigure.make(costs))
        #expect(
            figure.data.rows.contains {
                $0.prefix(3) == ["accelerated-post", "12582912", "acceleration"]
            })
    }
}
