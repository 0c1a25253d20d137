import Measure
import Testing

@testable import BenchRunner

@Suite struct ObjectiveTests {
    @Test(
        arguments: [
            ("presigned-put p99 < 400ms", Objective.Quantity.percentile(.response, 99), 400_000),
            ("errors<0.1%", .errorShare, 0.001),
            ("p99.9 <= 2s", .percentile(.response, 99.9), 2_000_000),
            ("p999 < 2s", .percentile(.response, 99.9), 2_000_000),
            ("goodput > 20MiB/s", .goodput, 20_971_520),
            ("rate >= 50/s", .rate, 50),
            ("presigned-put 4MiB authorize p95 < 50ms", .percentile(.authorize, 95), 50_000),
            ("errors <= 0", .errorShare, 0),
            ("mean < 1500us", .mean(.response), 1500),
        ] as [(String, Objective.Quantity, Double)])
    func `an objective is read`(text: String, quantity: Objective.Quantity, limit: Double) throws {
        let objective = try Objective(text, "--slo")
        #expect(objective.quantity == quantity)
        #expect(abs(objective.limit - limit) < 1e-9)
    }

    @Test func `strategy and size narrow it`() throws {
        let objective = try Objective("presigned-post 1MiB p50 < 1s", "--slo")
        #expect(objective.concerns(scenario: "presigned-post", sizeBytes: 1 << 20))
        #expect(!objective.concerns(scenario: "presigned-post", sizeBytes: 1 << 21))
        #expect(!objective.concerns(scenario: "presigned-put", sizeBytes: 1 << 20))
        #expect(try Objective("p50 < 1s", "--slo").concerns(scenario: "x", sizeBytes: nil))
    }

    @Test(arguments: [
        ("p99 300ms", "has none of <"), ("p99 <", "needs a quantity and a limit"),
        ("p99 < 300", "write 300ms"), ("presigned-pat p99 < 1s", "did you mean 'presigned-put'"),
        ("errors < 0.1", "write 0.1%"), ("goodput > 20MiB", "write 20MiB/s"),
        ("goodput < 20MiB/s", "asks for the worse"), ("p99 > 1s", "write p99 < 1s"),
        ("p100 < 1s", "unknown value 'p100'"), ("error < 1%", "did you mean 'errors'"),
        ("presigned-put presigned-post p99 < 1s", "unknown value 'presigned-post'"),
        ("authorize errors < 1%", "of whole uploads"),
    ])
    func `what cannot be read says what to write`(text: String, part: String) {
        do {
            _ = try Objective(text, "--slo")
            Issue.record("'\(text)' was read")
        } catch {
            #expect(error.message.contains(part), "\(error.message)")
            #expect(error.exitCode == .usage)
        }
    }

    private func subject(
        _ scenario: String = "presigned-put", timesUs: [Int64] = [], errors: Int = 0,
        isRefused: Bool = false
    ) -> ObjectiveSubject {
        var histogram = Histogram()
        timesUs.forEach { histogram.record($0) }
        return ObjectiveSubject(
            scenario: scenario, sizeBytes: 1024, uploads: timesUs.count, errors: errors,
            goodputBytesPerSecond: 1000, uploadsPerSecond: 10, isRefused: isRefused
        ) { $0 == .response ? BucketCounts(histogram) : nil }
    }

    private func isMet(_ text: String, _ subjects: ObjectiveSubject...) throws -> [Bool] {
        try Objective(text, "--slo").verdicts(subjects).map(\.isMet)
    }

    @Test func `it holds for each strategy, or is missed by the one that breaks it`() throws {
        let fast = subject(timesUs: [100, 200, 300])
        let slow = subject("presigned-post", timesUs: [100, 200, 3000])
        #expect(try isMet("max < 1ms", fast, slow) == [true, false])
        #expect(try isMet("presigned-put max < 1ms", fast, slow) == [true])
        #expect(try isMet("errors < 50%", subject(timesUs: [1], errors: 1)) == [false])
        #expect(try isMet("errors <= 50%", subject(timesUs: [1], errors: 1)) == [true])
    }

    @Test func `an objective without data is missed`() throws {
        #expect(try isMet("p99 < 1s") == [false])
        #expect(try isMet("p99 < 1s", subject(errors: 3)) == [false])
        #expect(try isMet("goodput > 0B/s", subject(errors: 3)) == [false])
        #expect(try isMet("authorize p99 < 1s", subject(timesUs: [1])) == [false])
        #expect(try isMet("proxy-json p99 < 1s", subject(timesUs: [1])) == [false])
    }

    @Test func `a size that is known to be refused concerns only who names it`() throws {
        let refused = subject("proxy-json", errors: 1, isRefused: true)
        let fine = subject(timesUs: [5])
        #expect(try isMet("errors < 1%", refused, fine) == [true])
        #expect(try isMet("proxy-json errors < 1%", refused, fine) == [false])
    }

    @Test func `a percentile of few uploads says that it is their maximum`() throws {
        let verdict = try Objective("p99 < 1s", "--slo").verdicts([subject(timesUs: [5, 6])])
        #expect(verdict[0].text.contains("of 2 uploads, so it is their maximum"))
    }
}
