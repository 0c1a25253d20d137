import Testing

@testable import BenchRunner

@Suite struct PlanningTests {
    private func load(_ rows: [[String: String]], _ strategy: String, _ size: Int64)
        -> PlanningLoad
    {
        PlanningLoad(rows, (strategy, size), partBytes: 5 << 20, source: "test")
    }

    private func counts(_ load: PlanningLoad, headroom: Double = 0.3) -> [String: Int] {
        let planning = Planning(
            demand: .init(perSecond: 2000, headroom: headroom, path: nil), loads: [load], threads: 1
        )
        return Dictionary(
            uniqueKeysWithValues: planning.lines(load).map { ($0.name, $0.count ?? -1) })
    }

    private let margin = [
        "phase": "margin", "response_mean_us": "120000", "authorize_p50_us": "40000",
        "notify_p50_us": "45000", "gateway_cpu_us_per_upload": "300",
        "client_cpu_us_per_upload": "150",
    ]
    private let answer = ["phase": "answer", "decision": "confirmed", "rate_per_s": "800"]

    @Test func `each need follows from what was measured or documented`() {
        // 30% to spare: everything is divided by 0.7.
        // 2000/s × 300 µs = 0.6 cores → 0.86 → 1 instance.
        // 2000/s × (40 + 45) ms = 170 environments → 242.9 → 243.
        // 2 API requests per upload: 4000/s → 5714.3 → 5715.
        // 1 write per upload: 2000 / 3500 = 0.571 → 0.816 → 1 prefix.
        // 2000/s × 120 ms = 240 connections → 342.9 → 343.
        // 2000/s × 150 µs = 0.3 cores of a thread that may be busy for 70% → 0.43 → 1 shard.
        #expect(
            counts(load([margin, answer], "presigned-put", 1 << 20)) == [
                "gateway_instances": 1, "lambda_concurrency": 243, "api_requests_per_s": 5715,
                "s3_prefixes": 1, "connections": 343, "generator_shards": 1,
            ])
    }

    @Test func `a multipart upload writes its parts, its beginning and its end`() {
        // 12 MiB in 5 MiB parts: 3 parts and 2 more writes; 2000 × 5 / 3500 / 0.7 = 4.08 → 5.
        let counts = counts(load([margin, answer], "presigned-multipart", 12 << 20))
        #expect(counts["s3_prefixes"] == 5)
    }

    @Test func `without the gateway's CPU the capacity found tells how many targets it takes`() {
        var row = margin
        row["gateway_cpu_us_per_upload"] = ""
        // 2000 / 800 / 0.7 = 3.57 → 4.
        #expect(counts(load([row, answer], "presigned-put", 1))["gateway_instances"] == 4)
        let inconclusive = answer.merging(["decision": "inconclusive"]) { $1 }
        #expect(counts(load([row, inconclusive], "presigned-put", 1))["gateway_instances"] == -1)
    }

    @Test func `without an API nothing of Lambda is needed`() {
        let row = ["phase": "pass", "decision": "pass", "response_mean_us": "1000"]
        let counts = counts(load([row], "presigned-put", 1))
        #expect(counts["lambda_concurrency"] == nil && counts["api_requests_per_s"] == nil)
        #expect(counts["connections"] == 3)  // 2000/s × 1 ms / 0.7 = 2.86.
    }
}
