import Testing

@testable import BenchRunner

@Suite struct LambdaTimesTests {
    private let times = LambdaTimes(measured: [
        .proxyJSON: [
            .init(sizeBytes: 1000, msPerUpload: 10), .init(sizeBytes: 3000, msPerUpload: 30),
            .init(sizeBytes: 5000, msPerUpload: 90),
        ]
    ])

    @Test(arguments: [
        (Int64(1000), 10.0), (2000, 20), (3000, 30), (4000, 60), (5000, 90), (1, 10), (9000, 90),
    ])
    func `between measured sizes the time is linear, outside it is the nearest one's`(
        bytes: Int64, ms: Double
    ) {
        #expect(times.measuredMs(.proxyJSON, sizeBytes: bytes) == ms)
    }

    @Test func `a strategy that was not measured has no measured time`() {
        #expect(times.measuredMs(.presignedPut, sizeBytes: 1000) == nil)
    }

    @Test func `times are given for all functions or for some`() throws {
        #expect(try CostBasis.lambdaTimes("40ms", "--lambda-duration")[.image] == 40)
        let some = try CostBasis.lambdaTimes("review=80ms,image=1s", "--lambda-duration")
        #expect(some == [.sign: 20, .multipart: 50, .review: 80, .image: 1000])
    }

    @Test(arguments: ["sing=20ms", "sign", "sign=20ms,sign=30ms", "sign=fast", "16m", ""])
    func `times that are none are refused`(text: String) {
        #expect(throws: CommandError.self) {
            try CostBasis.lambdaTimes(text, "--lambda-duration")
        }
    }
}
