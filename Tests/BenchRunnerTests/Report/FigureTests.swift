import Measure
import Testing

@testable import BenchRunner

@Suite struct FigureTests {
    @Test func `a percentile line ends where one upload would decide it`() {
        for count in [1, 2, 20, 100, 12_345] as [UInt64] {
            let grid = PercentileGrid.percentiles(count: count)
            #expect(grid == grid.sorted() && Set(grid).count == grid.count)
            #expect(grid.first == 0)
            let above = grid.map { Double(count) * (1 - $0 / 100) }
            #expect(above.allSatisfy { $0 >= 1 - 1e-6 })
        }
        #expect(PercentileGrid.percentiles(count: 100).contains(99))
        #expect(!PercentileGrid.percentiles(count: 99).contains(99))
        #expect(PercentileGrid.percentiles(count: 1_000_000_000).count < 120)
        #expect(PercentileGrid.percentiles(count: 0).isEmpty)
    }

    @Test func `chosen positions are even, and hold the first and the last`() {
        #expect(PageLimits.chosen(5, atMost: 6) == [0, 1, 2, 3, 4])
        #expect(PageLimits.chosen(60, atMost: 6) == [0, 11, 23, 35, 47, 59])
        #expect(PageLimits.chosen(0, atMost: 6).isEmpty)
    }

    private static func track(_ seconds: Int, rounds: Int) -> TimelineFigure.Track {
        TimelineFigure.Track(
            strategy: .presignedPut, sizeBytes: 1000,
            seconds: (1...rounds).flatMap { round in
                (0..<seconds).map {
                    TimelineFigure.Second(
                        round: round, second: $0, uploads: 10, errors: $0 % 3, p50Us: Double($0),
                        p99Us: $0 == 7 ? nil : Double($0 * 2))
                }
            })
    }

    @Test func `short runs keep every second, and rounds stand end to end`() {
        let line = CondensedTrack(Self.track(10, rounds: 3))
        #expect(line.points.count == 30)
        #expect(line.points.map(\.position) == Array(0..<30))
        #expect(line.boundaries == [10, 20])
        #expect(line.length == 30)
    }

    @Test func `long runs show the worst second of each step and all of its errors`() throws {
        let track = Self.track(5000, rounds: 2)
        let line = CondensedTrack(track)
        #expect(line.points.count <= PageLimits.seconds + 2)
        #expect(
            line.points.reduce(0) { $0 + $1.errors } == track.seconds.reduce(0) { $0 + $1.errors })
        #expect(line.points.reduce(0) { $0 + $1.uploads } == 100_000)
        let first = try #require(line.points.first)
        #expect(first.p50Us == Double(first.seconds - 1))
        #expect(line.points.map(\.p50Us).compactMap { $0 }.max() == 4999)
    }

    @Test func `parts of a mean response time add up to it`() {
        var spent = TimeSpent(strategy: .presignedPut, sizeBytes: 1)
        spent.uploads = 4
        (spent.responseUs, spent.authorizeUs, spent.uploadUs, spent.notifyUs) = (
            4000, 1000, 2000, 400
        )
        (spent.connectUs, spent.tlsUs, spent.sendUs, spent.waitUs) = (100, 200, 300, 400)
        #expect(spent.steps.map(\.meanUs) == [250, 500, 100, 150])
        #expect(spent.network.reduce(0) { $0 + $1.meanUs } == 1000)
        #expect(!spent.overlaps)
        spent.connectUs = 9000
        #expect(spent.overlaps)
        #expect(spent.network.allSatisfy { $0.meanUs >= 0 })
    }

    @Test(arguments: [
        ("/a/results/run", "/a/results/run", "./"),
        ("/a/results/run", "/a/results", "./run/"),
        ("/a/results/run", "/a", "./results/run/"),
        ("/a/results/run", "/a/results/other", "./../run/"),
        ("/a/results/run", "/a/x/y", nil),
        ("/a/re sults/100%#?", "/a", "./re%20sults/100%25%23%3F/"),
    ])
    func `files are linked where the page stands near them`(
        path: String, folder: String, address: String?
    ) {
        #expect(ReportReader.relative(path, to: folder) == address)
    }

    @Test func `capacity, scalability and cost draw plain values`() throws {
        let curve = CapacityFigure.Curve(
            strategy: .presignedPut, sizeBytes: 65_536,
            steps: [(50.0, 90_000.0, "pass"), (100, 140_000, "pass"), (200, 480_000, "fail")].map {
                .init(ratePerSecond: $0.0, responseUs: $0.1, verdict: $0.2)
            }, answer: (150, 140, 160))
        let capacity = try #require(
            CapacityFigure.make(
                [curve], objective: .init("p99 < 300ms"),
                sources: ["capacity.csv"]))
        #expect(capacity.data.rows.map { $0[2] } == ["50", "100", "200"])
        #expect(
            capacity.summary == [
                "presigned-put, 64 KiB: 150 arrivals per second hold p99 < 300ms (interval 140 to 160)."
            ])
        let law = { (n: Double) in 100 * n / (1 + 0.05 * (n - 1) + 0.001 * n * (n - 1)) }
        let fit = ScalabilityFigure.Fit(
            strategy: .presignedPut, sizeBytes: 65_536,
            points: [1, 2, 4, 8, 16].map { ($0, law($0)) },
            curve: stride(from: 1.0, through: 40, by: 1).map {
                ($0, law($0), law($0) * 0.9, law($0) * 1.1)
            }, peak: (30.8, law(30.8)), parameters: "λ 100/s, σ 0.05, κ 0.001")
        let scalability = try #require(ScalabilityFigure.make([fit], sources: []))
        #expect(scalability.data.rows.count { $0[2] == "measured" } == 5)
        #expect(scalability.data.rows.count { $0[2] == "extrapolated" } == 24)
        #expect(scalability.summary[0].contains("extrapolated beyond what was measured"))
        let cost = try #require(
            CostFigure.make(
                [
                    .init(
                        strategy: .presignedPut, sizeBytes: nil,
                        parts: [("requests", 5), ("review", 1.2)])
                ],
                per: "per million uploads", notes: [], sources: []))
        #expect(
            cost.data.rows == [
                ["presigned-put", "", "requests", "5"], ["presigned-put", "", "review", "1.2"],
            ])
        #expect(CostFigure.make([], per: "", notes: [], sources: []) == nil)
    }
}
