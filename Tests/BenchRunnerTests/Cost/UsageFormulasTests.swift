import Testing

@testable import BenchRunner

/// Worked examples: a million uploads of 1 MiB in us-east-1 unless said otherwise. Of the API's functions,
/// signing takes 20 ms, beginning a multipart upload 50, a review 50 and an image 300, at 256 MB, which is
/// a quarter of a GB.
@Suite struct UsageFormulasTests {
    @Test func `presigned PUT and POST are two calls, two functions, a PUT and a GET`() throws {
        // Calls:     2 × 10⁶ × $1.00/10⁶                                    = 2.00
        // Functions: 2 × 10⁶ × $0.20/10⁶                                    = 0.40
        // Time:      (0.020 s + 0.050 s) × 0.25 GB × 10⁶ = 17,500 GB-s
        //            17,500 × $0.0000166667                                 = 0.29166725
        // S3:        10⁶ × $0.005/1000 = 5.00; 10⁶ × $0.0004/1000           = 0.40
        let amounts = [
            "api-http-call": "2.00", "lambda-request": "0.40",
            "lambda-duration (x86)": "0.29166725",
            "s3-write-request": "5.00", "s3-read-request": "0.40",
        ]
        for strategy in [Strategy.presignedPut, .presignedPost] {
            let million = try PricedMillion(strategy)
            #expect(million.amounts == amounts)
            #expect(million.total == "8.09166725")
        }
    }

    @Test func `a file as Base64 fills three meters of an HTTP API, and one call of a REST API`()
        throws
    {
        // Body: ⌈1,048,576/3⌉ × 4 + 63 = 1,398,167 bytes; ⌈1,398,167/524,288⌉ = 3 increments.
        // Time: 0.300 s × 0.25 GB × 10⁶ = 75,000 GB-s × $0.0000166667 = 1.2500025
        let http = try PricedMillion(.proxyJSON)
        #expect(
            http.amounts == [
                "api-http-call": "3.00", "lambda-request": "0.20",
                "lambda-duration (x86)": "1.2500025", "s3-write-request": "5.00",
                "s3-read-request": "0.40",
            ])
        #expect(http.total == "9.8500025")
        // The same by a REST API: 10⁶ × $3.50/10⁶ in place of 3.00.
        let rest = try PricedMillion(.proxyJSON) { $0.api = .rest }
        #expect(rest.amounts["api-rest-call"] == "3.50")
        #expect(rest.amounts["api-http-call"] == nil)
        #expect(rest.total == "10.3500025")
    }

    @Test(arguments: [
        // Base64 of n bytes and 63 more: 393,168 bytes make 524,224 + 63 = 524,287; three bytes more
        // make 524,291.
        (Int64(393_168), "1.00"), (393_169, "2.00"), (0, "1.00"),
    ])
    func `a meter begins with its first byte`(bytes: Int64, amount: String) throws {
        #expect(try PricedMillion(.proxyJSON, bytes: bytes).amounts["api-http-call"] == amount)
    }

    @Test func `the API's own integration with S3 needs a REST call and no function`() throws {
        // Calls:     the PUT 10⁶ × $3.50/10⁶ = 3.50, the review 10⁶ × $1.00/10⁶ = 1.00
        // Functions: 10⁶ × $0.20/10⁶ = 0.20; 0.050 s × 0.25 GB × 10⁶ × $0.0000166667 = 0.20833375
        // S3:        5.00 + 0.40
        let million = try PricedMillion(.proxyBinary)
        #expect(
            million.amounts == [
                "api-rest-call": "3.50", "api-http-call": "1.00", "lambda-request": "0.20",
                "lambda-duration (x86)": "0.20833375", "s3-write-request": "5.00",
                "s3-read-request": "0.40",
            ])
        #expect(million.total == "10.30833375")
        // With REST for everything: 2 × 3.50.
        #expect(
            try PricedMillion(.proxyBinary) { $0.api = .rest }.amounts["api-rest-call"] == "7.00")
    }

    @Test func `a redirect by the edge is a request there and a function there`() throws {
        // CloudFront: 10⁶ × $0.0100/10⁴ = 1.00
        // Edge:       10⁶ × $0.60/10⁶ = 0.60; 0.005 s × 128/1024 GB × 10⁶ = 625 GB-s
        //             625 × $0.00005001 = 0.03125625
        // Review:     1.00 + 0.20 + 0.20833375; S3 5.00 + 0.40
        let million = try PricedMillion(.edgeRedirect)
        #expect(
            million.amounts == [
                "cloudfront-request (us)": "1.00", "edge-function-request": "0.60",
                "edge-function-duration": "0.03125625", "api-http-call": "1.00",
                "lambda-request": "0.20", "lambda-duration (x86)": "0.20833375",
                "s3-write-request": "5.00", "s3-read-request": "0.40",
            ])
        #expect(million.total == "8.43959")
        // From South America: 10⁶ × $0.0220/10⁴.
        let south = try PricedMillion(.edgeRedirect) { $0.edgeLocation = .southAmerica }
        #expect(south.amounts["cloudfront-request (south-america)"] == "2.20")
    }

    @Test(
        arguments: [
            // 10⁶ × 1,048,576 bytes / 2³⁰ = 976.5625 GB.
            (EdgeTier.one, "39.0625"), (.two, "78.125"), (.free, nil),
        ] as [(EdgeTier, String?)])
    func `acceleration costs by the edge's tier, and nothing where it is not faster`(
        tier: EdgeTier, amount: String?
    ) throws {
        let million = try PricedMillion(.acceleratedPost) { $0.edgeTier = tier }
        #expect(million.amounts["accelerated-in (\(tier.rawValue))"] == amount)
        let plain = try PricedMillion(.presignedPost)
        let extra = try #require(million.invoice.total) - (try #require(plain.invoice.total))
        #expect(PricedMillion.text(extra) == amount ?? "0.00")
    }

    @Test func `a multipart upload is its creation, its parts and its completion`() throws {
        // 12 MiB in parts of 5 MiB: 3 parts, so 1 + 3 + 1 writes: 5 × 10⁶ × $0.005/1000 = 25.00
        // Time: (0.050 s + 0.050 s) × 0.25 GB × 10⁶ = 25,000 GB-s × $0.0000166667 = 0.4166675
        let million = try PricedMillion(.presignedMultipart, bytes: 12 << 20)
        #expect(
            million.amounts == [
                "api-http-call": "2.00", "lambda-request": "0.40",
                "lambda-duration (x86)": "0.4166675", "s3-write-request": "25.00",
                "s3-read-request": "0.40",
            ])
        // One byte more than two parts is a third; accelerated bytes are counted once, not per part:
        // 10⁶ × 12 MiB = 11,718.75 GB × $0.04.
        #expect(
            try PricedMillion(.presignedMultipart, bytes: (10 << 20) + 1)
                .amounts["s3-write-request"] == "25.00")
        #expect(
            try PricedMillion(.presignedMultipart, bytes: 10 << 20)
                .amounts["s3-write-request"] == "20.00")
        #expect(
            try PricedMillion(.acceleratedMultipart, bytes: 12 << 20)
                .amounts["accelerated-in (1)"] == "468.75")
    }

    @Test func `a browser's preflights are calls of the API and cheap requests of S3`() throws {
        // presigned-put: preflights of both calls, 4 × 10⁶ × $1.00/10⁶; of the PUT and with the
        // review's GET 2 × 10⁶ × $0.0004/1000. No function runs for them.
        let put = try PricedMillion(.presignedPut) { $0.client = .browser }
        #expect(put.amounts["api-http-call"] == "4.00")
        #expect(put.amounts["s3-read-request"] == "0.80")
        #expect(put.amounts["lambda-request"] == "0.40")
        // A form needs none at S3.
        let post = try PricedMillion(.presignedPost) { $0.client = .browser }
        #expect(post.amounts["s3-read-request"] == "0.40")
        // At the edge a preflight is a request and runs the function too: 2 × 1.00, 2 × 0.60.
        let edge = try PricedMillion(.edgeRedirect) { $0.client = .browser }
        #expect(edge.amounts["cloudfront-request (us)"] == "2.00")
        #expect(edge.amounts["edge-function-request"] == "1.20")
        // Two parts are two preflights: (2 + 1) × 0.40.
        let parts = try PricedMillion(.presignedMultipart, bytes: 10 << 20) { $0.client = .browser }
        #expect(parts.amounts["s3-read-request"] == "1.20")
    }

    @Test func `signed by the client, an upload is its S3 requests alone`() throws {
        let million = try PricedMillion(.presignedPut) { $0.signer = .local }
        #expect(million.amounts == ["s3-write-request": "5.00"])
    }

    @Test func `prices fall with the volume, tier by tier`() throws {
        // 200 M uploads are 400 M calls: 300 M × $1.00/10⁶ + 100 M × $0.90/10⁶ = 390.00
        let http = try PricedMillion(.presignedPut, uploads: 200_000_000)
        #expect(http.amounts["api-http-call"] == "390.00")
        // REST: 333 M × $3.50/10⁶ + 67 M × $2.80/10⁶ = 1165.50 + 187.60
        let rest = try PricedMillion(.presignedPut, uploads: 200_000_000) { $0.api = .rest }
        #expect(rest.amounts["api-rest-call"] == "1353.10")
    }

    @Test func `the free tier is taken off when asked for, and never below zero`() throws {
        // 2 M invocations less 1 M: 10⁶ × $0.20/10⁶; 17,500 GB-s are less than 400,000.
        let put = try PricedMillion(.presignedPut) { $0.usesFreeTier = true }
        #expect(put.amounts["lambda-request"] == "0.20")
        #expect(put.amounts["lambda-duration (x86)"] == nil)
        #expect(put.amounts["s3-write-request"] == "5.00")
    }

    @Test func `memory, architecture and measured time multiply`() throws {
        // 0.0125 s per upload × 1,769/1,024 GB × 10⁶ = 21,594.23828125 GB-s × $0.0000133334
        //  = 0.28792461669921875
        let million = try PricedMillion(.presignedPut) {
            $0.lambdaMemoryMB = 1769
            $0.architecture = .arm
            $0.lambdaTimes.measured = [.presignedPut: [.init(sizeBytes: 1000, msPerUpload: 12.5)]]
        }
        #expect(million.amounts["lambda-duration (arm)"] == "0.28792461669921875")
        #expect(million.amounts["lambda-request"] == "0.40")
    }

    @Test func `answers and storage cost by the GB`() throws {
        // Answers: 2,048 bytes × 10⁶ / 2³⁰ = 1.9073486328125 GB × $0.09 = 0.171661376953125
        // Storage: 976.5625 GB × 2 months × $0.023 = 44.921875
        let million = try PricedMillion(.presignedPost) {
            $0.measured[.presignedPost] = MeasuredExtras(receivedBytesPerUpload: 2048)
            $0.storageMonths = 2
        }
        #expect(million.amounts["data-out"] == "0.171661376953125")
        #expect(million.amounts["s3-storage"] == "44.921875")
    }

    @Test func `uploads that failed cost what was billed of them`() throws {
        // For each upload that arrives 0.1 fail with S3's EntityTooLarge, which is billed: besides 8.09166725
        // a call 0.1 × 1.00, a function 0.1 × 0.20 and a write 0.1 × 5.00.
        let change = { (status: Int, code: String) in
            { (basis: inout CostBasis) in
                basis.measured[.presignedPost] = MeasuredExtras(failures: [
                    FailureRate(httpStatus: status, errorCode: code, perUpload: 0.1)
                ])
            }
        }
        let large = try PricedMillion(.presignedPost, change(400, "EntityTooLarge"))
        #expect(large.amounts["api-http-call"] == "2.10")
        #expect(large.amounts["lambda-request"] == "0.42")
        #expect(large.amounts["s3-write-request"] == "5.50")
        #expect(large.total == "8.71166725")
        // A wrong signature is not billed by S3.
        let unsigned = try PricedMillion(.presignedPost, change(403, "SignatureDoesNotMatch"))
        #expect(unsigned.amounts["s3-write-request"] == "5.00")
        #expect(unsigned.amounts["api-http-call"] == "2.10")
    }

    @Test func `what is too large for a strategy is refused and not priced`() throws {
        let basis = CostBasis()
        let classes = [
            SizeClass(bytes: 1 << 20, uploads: Quantity(900_000)),
            SizeClass(bytes: 8 << 20, uploads: Quantity(100_000)),
        ]
        let json = try Invoice.make(.proxyJSON, classes, basis, .embedded)
        #expect(json.refusedShare == 0.1)
        #expect(!json.carriesAll)
        // The price per million is that of the uploads that pass: 9.8500025, as above.
        #expect(json.perMillion.map(PricedMillion.text) == "9.8500025")
        let binary = try Invoice.make(.proxyBinary, classes, basis, .embedded)
        #expect(binary.carriesAll)
        let none = try Invoice.make(
            .proxyBinary, [SizeClass(bytes: 11 << 20, uploads: Quantity(1))], basis, .embedded)
        #expect(none.total == nil)
        #expect(none.perMillion == nil)
        #expect(none.lines.isEmpty)
    }
}
