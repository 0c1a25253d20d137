import Foundation
import Testing

@testable import BenchRunner

/// A run as it was recorded: all strategies, 256 KiB, 1 MiB and 12 MiB, a browser, three rounds.
enum RecordedFixture {
    static let path = Bundle.module.resourcePath.map { $0 + "/Fixtures/browser-run" } ?? ""
}

@Suite struct CostEvidenceTests {
    private func evidence() throws -> CostEvidence {
        try CostEvidence(RecordedRun(RecordedFixture.path))
    }

    /// The file's fields, read as text.
    private func column(_ name: String, where matches: (String, String)) throws -> [Double] {
        let text = try String(
            contentsOfFile: RecordedFixture.path + "/summary.csv", encoding: .utf8)
        let lines = text.split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let index = try #require(lines[0].firstIndex(of: name))
        return lines.dropFirst().filter { $0[0] == matches.0 && $0[1] == matches.1 }
            .compactMap { Double($0[index]) }
    }

    @Test func `functions' times are the run's, by strategy and size`() throws {
        let points = try #require(try evidence().lambdaPoints[.proxyJSON])
        // The 12 MiB were refused, so nothing was timed there.
        #expect(points.map(\.sizeBytes) == [262_144, 1_048_576])
        let times = try column(
            "lambda_billed_ms_per_upload", where: ("proxy-json", "1048576"))
        #expect(times.count == 3)
        // Equal numbers of uploads in each round.
        let mean = times.reduce(0, +) / 3
        #expect(abs(points[1].msPerUpload - mean) < 1e-9)
        // A proxied megabyte takes longer than signing and a review.
        let put = try #require(try evidence().lambdaPoints[.presignedPut])
        #expect(points[1].msPerUpload > put[1].msPerUpload)
    }

    @Test func `the run's client, sizes and region are its evidence`() throws {
        let evidence = try evidence()
        #expect(evidence.client == .browser)
        #expect(evidence.signer == .gateway)
        #expect(evidence.region == "us-east-1")
        #expect(evidence.strategies == Strategy.allCases)
        #expect(
            evidence.shares
                == .listed([262_144, 1_048_576, 12_582_912].map { .init(bytes: $0, weight: 1) }))
    }

    @Test func `refusals that a cell is there to show are no failures`() throws {
        let extras = try evidence().extras
        for (strategy, extra) in extras { #expect(extra.failures.isEmpty, "\(strategy)") }
        #expect(try #require(extras[.presignedPost]?.receivedBytesPerUpload) > 500)
    }

    @Test func `the summary's price is that of the cost command`() throws {
        let run = try RecordedRun(RecordedFixture.path)
        let cell = try #require(
            run.cells.first { $0.scenario == "presigned-post" && $0.sizeBytes == 1_048_576 })
        var basis = CostBasis()
        basis.client = .browser
        let ms = try #require(cell.lambdaBilledMsPerUpload)
        basis.lambdaTimes.measured = [
            .presignedPost: [.init(sizeBytes: 1_048_576, msPerUpload: ms)]
        ]
        let received = try #require(
            try CostEvidence(run).extras[.presignedPost]?.receivedBytesPerUpload)
        basis.measured[.presignedPost] = MeasuredExtras(receivedBytesPerUpload: received)
        let million = [SizeClass(bytes: 1_048_576, uploads: Quantity(1_000_000))]
        let invoice = try Invoice.make(.presignedPost, million, basis, .embedded)
        let priced = try #require(invoice.perMillion?.dollars)
        let written = try #require(cell.costUSDPerMillion)
        // The answers' bytes differ a little from size to size.
        #expect(abs(priced - written) < 0.01)
    }

    @Test func `a folder that is no run says so`() {
        let error = #expect(throws: CommandError.self) { try CostEvidence(path: "/nowhere") }
        #expect(error?.exitCode == .nothingToCompare)
    }
}
