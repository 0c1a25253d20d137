import Foundation
import Measure
import Presign
import Testing

@testable import BenchRunner

@Suite struct OutputTests {
    private func annotation(_ title: String, _ message: String) -> GitHubAnnotations.Annotation {
        GitHubAnnotations.Annotation(level: .error, title: title, message: message)
    }

    @Test func `an annotation cannot be broken out of`() {
        let lines = GitHubAnnotations.lines([annotation("a:b,c", "100%\n::error::x\r\ny")])
        #expect(lines == ["::error title=a%3Ab%2Cc::100%25%0A::error::x%0D%0Ay"])
    }

    @Test func `at most ten annotations are printed, and the last says how many more`() {
        let lines = GitHubAnnotations.lines((0..<25).map { annotation("t", "\($0)") })
        #expect(lines.count == 10)
        #expect(lines[9].contains("and 16 more"))
        #expect(GitHubAnnotations.lines((0..<10).map { annotation("t", "\($0)") }).count == 10)
    }

    @Test func `XML holds any text`() {
        let escaped = JUnit.escaped("a<b>&\"c\"\u{0}\u{1B}[1m\u{FFFF}é😀")
        #expect(escaped == "a&lt;b&gt;&amp;&quot;c&quot;\u{FFFD}\u{FFFD}[1m\u{FFFD}é😀")
    }

    @Test func `a sketch shows two distributions over one range`() {
        let histogram = { (values: [Int64]) in
            var histogram = Histogram()
            values.forEach { histogram.record($0) }
            return BucketCounts(histogram)
        }
        let sketch = HistogramSketch([
            ("base", histogram(Array(repeating: 1000, count: 50))),
            ("candidate", histogram(Array(repeating: 100_000, count: 50))),
        ])
        #expect(sketch.lines.count == 3)
        #expect(sketch.lines[0].dropFirst(11).first == "█")
        #expect(sketch.lines[1].dropFirst(11).prefix(HistogramSketch.width).last == "█")
        #expect(sketch.lines[2].contains("1.00 ms"))
        #expect(HistogramSketch([("base", BucketCounts())]).lines.isEmpty)
    }

    @Test func `plans are compared by every member but the free ones`() throws {
        let record = { (plan: String) in
            let path = NSTemporaryDirectory() + "plan-\(UUID().uuidString).json"
            defer { try? FileManager.default.removeItem(atPath: path) }
            try """
            {"schema_version": 1, "tool": "t", "status": "complete", "started_at": "2026",
             "plan": \(plan)}
            """.write(toFile: path, atomically: true, encoding: .utf8)
            return try RecordedRecord(path: path)
        }
        let base = try record(#"{"concurrency": 8, "size_bytes": [1, 2], "seed": 1, "link": null}"#)
        let same = try record(
            #"{"link": null, "size_bytes": [1, 2.0], "concurrency": 8, "seed": 2}"#)
        #expect(PlanDifference.all(base, same).isEmpty)
        let other = try record(
            #"{"concurrency": 9, "size_bytes": [1, 2], "tls": true, "link": null}"#)
        #expect(
            PlanDifference.all(base, other).map(\.text) == [
                "concurrency: 8 in the base, 9 in the candidate",
                "tls: absent in the base, true in the candidate",
            ])
    }
}
