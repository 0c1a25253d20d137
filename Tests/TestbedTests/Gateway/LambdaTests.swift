import NetIO
import Testing

@testable import Testbed

@Suite struct TokenBucketTests {
    @Test func `a burst is taken, then one request per interval`() {
        var bucket = TokenBucket(perSecond: 10, burst: 3, nowNs: 0)
        let times: [Int64] = [0, 0, 0, 0, 99_000_000, 101_000_000, 101_000_000]
        let taken = times.map { bucket.take(nowNs: $0) }
        #expect(taken == [true, true, true, false, false, true, false])
    }

    @Test func `a bucket never holds more than its burst`() {
        var bucket = TokenBucket(perSecond: 1000, burst: 2, nowNs: 0)
        let later: Int64 = 3_600_000_000_000
        let taken = (0..<3).map { _ in bucket.take(nowNs: later) }
        #expect(taken == [true, true, false])
    }
}

@Suite struct LambdaPoolTests {
    private func limits(concurrency: Int = 2, share: Double = 0) -> GatewayLimits {
        var limits = GatewayLimits()
        limits.lambdaConcurrency = concurrency
        limits.coldStartShare = share
        limits.coldStartNs = 300
        return limits
    }

    @Test func `no more run at a time than there are environments`() {
        var pool = LambdaPool(limits())
        let first = (0..<3).map { _ in pool.start() }
        #expect(first == [.starts(delayNs: 0), .starts(delayNs: 0), .throttled])
        pool.finish()
        let next = pool.start()
        #expect(next == .starts(delayNs: 0))
    }

    @Test func `the seed decides which share starts cold`() {
        func cold(_ seed: UInt64) -> [Bool] {
            var settings = limits(concurrency: 1000, share: 0.2)
            settings.seed = seed
            var pool = LambdaPool(settings)
            return (0..<1000).map { _ in pool.start() == .starts(delayNs: 300) }
        }
        #expect(cold(1) == cold(1))
        #expect(cold(1) != cold(2))
        #expect((150...250).contains(cold(1).filter { $0 }.count))
    }
}

@Suite struct LambdaEventTests {
    @Test(
        arguments: [
            ("", 0), ("abc", 3), (#"a"b"#, 4), (#"a\b"#, 4), ("a\nb", 4), ("a\u{01}b", 8), ("ü", 2),
        ] as [(String, Int64)])
    func `a body counts as it stands in JSON`(_ text: String, _ bytes: Int64) {
        #expect(LambdaEvent.escapedBytes(Array(text.utf8)) == bytes)
    }

    @Test func `the envelope grows with the request's fields`() {
        func size(_ value: String) -> Int64 {
            LambdaEvent.sizeBytes(
                HTTPRequest(
                    method: "POST", rawPath: "/images", headers: HeaderFields([("X-Field", value)])),
                body: [])
        }
        // Once among the headers, once among the multi-value headers.
        #expect(size("abcd") - size("abc") == 2)
    }
}
