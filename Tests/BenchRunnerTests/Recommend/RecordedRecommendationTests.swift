import Testing

@testable import BenchRunner

/// On a run as it was recorded.
@Suite struct RecordedRecommendationTests {
    private func recommendation(_ words: [String]) throws -> Recommendation {
        let settings = try Settings(
            Arguments([RecordedFixture.path] + words, for: .recommend), for: .recommend,
            environment: [:])
        let run = try RecordedRun(RecordedFixture.path)
        return try RecommendCommand.report(
            settings, Needs(settings), run, CostEvidence(run)
        ).recommendation
    }

    @Test func `images from browsers with a size limit and a review go by presigned POST`() throws {
        let recommendation = try recommendation([
            "--max-size", "20MB", "--must-limit-size", "--must-review", "--browser",
            "--uploads", "10M",
        ])
        #expect(recommendation.pick?.strategy == .presignedPost)
        #expect(
            recommendation.ruledOut.map(\.strategy) == [
                .proxyJSON, .proxyBinary, .edgeRedirect, .presignedPut, .acceleratedPut,
                .presignedMultipart, .acceleratedMultipart,
            ])
        for proxy in recommendation.ruledOut.prefix(2) {
            // The refusal that was measured, and the limit behind it.
            let references = proxy.reasons[0].evidence.map(\.reference)
            #expect(references.count == 2)
            #expect(references[0].hasPrefix("summary.csv:"))
        }
    }

    @Test func `a row that a sentence names is one of its strategy and size`() throws {
        let run = try RecordedRun(RecordedFixture.path)
        let recommendation = try recommendation(["--max-size", "2MB", "--must-limit-size"])
        #expect(recommendation.comparedBytes == 1_048_576)
        let pick = try #require(recommendation.pick)
        let lines = try #require(pick.measured?.lines)
        let cells = run.cells.filter { lines.contains($0.line) }
        #expect(cells.count == 3)
        for cell in cells {
            #expect(cell.scenario == pick.strategy.rawValue)
            #expect(cell.sizeBytes == 1_048_576)
        }
    }
}
