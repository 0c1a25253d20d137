import Measure
import Scenarios
import Testing
import Transfer

/// How multipart uploads go wrong, and what they take back.
@Suite struct MultipartEndTests {
    private let signed = """
        {"id": "k", "data": {"uploadId": "U", "partBytes": 5242880,
         "parts": ["http://s3.test/1", "http://s3.test/2"],
         "complete": "http://s3.test/complete", "abort": "http://s3.test/abort"}}
        """

    private func started(_ signed: String? = nil) -> (PresignedMultipart, Walk) {
        let scenario = PresignedMultipart(.gateway(Walk.api), partBytes: 5_242_880, window: 4)
        return (scenario, Walk(scenario, Walk.content(6 << 20)).answer(200, signed ?? self.signed))
    }

    private func stored(_ walk: Walk, _ part: Int) {
        walk.answer(200, "", [("ETag", "\"e\"")], tag: part)
    }

    @Test(
        arguments: [
            (.closedBeforeAnswer, true), (.closedInsideAnswer, true), (.idleTimedOut, true),
            (.totalTimedOut, true), (.connectRefused, true), (.sendFailed(code: 32), true),
            (.tlsFailed("x"), false), (.protocolViolation("x"), false), (.cancelled, false),
        ] as [(TransferFailure, Bool)])
    func `a part is sent again when its failure may pass`(
        _ failure: TransferFailure, _ isAgain: Bool
    ) {
        let (scenario, walk) = started()
        #expect(walk.lose(failure, tag: 1).lines == (isAgain ? ["PUT /2"] : []))
        #expect(scenario.retries == (isAgain ? 1 : 0))
        // The other part is still under way: nothing is aborted before it has ended.
        guard !isAgain else { return }
        stored(walk, 0)
        #expect(walk.lines == ["DELETE /abort"])
        #expect(walk.answer(204).end == UploadEnd(Outcome(failure), errorCode: failure.code))
    }

    @Test(arguments: [
        (500, "", true), (503, "", true), (408, "", true), (429, "", true),
        (400, "<Code>RequestTimeout</Code>", true), (400, "<Code>BadDigest</Code>", false),
        (403, "", false), (404, "", false), (200, "", false), (307, "", false),
    ])
    func `a part is sent again when its answer says so`(
        _ status: Int, _ body: String, _ isAgain: Bool
    ) {
        let (_, walk) = started()
        #expect(walk.answer(status, body, tag: 0).lines == (isAgain ? ["PUT /1"] : []))
    }

    @Test func `the first failure is the upload's, whatever comes after`() {
        let (_, walk) = started()
        walk.answer(403, "<Code>AccessDenied</Code>", tag: 0)
        #expect(walk.lose(tag: 1).lines == ["DELETE /abort"])
        let end = walk.lose(.connectRefused).end
        #expect(end == UploadEnd(.refused, httpStatus: 403, errorCode: "AccessDenied"))
    }

    @Test func `no part is begun once another has failed`() {
        let scenario = PresignedMultipart(.gateway(Walk.api), partBytes: 5_242_880, window: 1)
        let walk = Walk(scenario, Walk.content(6 << 20)).answer(200, signed)
        #expect(walk.answer(403, tag: 0).lines == ["DELETE /abort"])
    }

    @Test(arguments: [nil, .cancelled, .totalTimedOut] as [TransferFailure?])
    func `a completion that came to nothing is taken back`(_ failure: TransferFailure?) {
        let (_, walk) = started()
        for part in 0..<2 { stored(walk, part) }
        #expect(walk.lines == ["POST /complete"])
        if let failure { walk.lose(failure) } else { walk.answer(500) }
        #expect(walk.lines == ["DELETE /abort"])
        let outcome = failure.map { Outcome($0) } ?? .serverError
        #expect(walk.answer(404).end?.outcome == outcome)
    }

    @Test func `an upload of other parts than planned is taken back`() {
        let short = signed.replacing(#", "http://s3.test/2""#, with: "")
        let (_, walk) = started(short)
        #expect(walk.lines == ["DELETE /abort"])
        #expect(walk.answer(204).end?.outcome == .unexpectedAnswer)
    }

    @Test func `what is complete is not aborted when its review fails`() {
        let (_, walk) = started()
        for part in 0..<2 { stored(walk, part) }
        walk.answer(200, "<R><ETag>x</ETag></R>")
        #expect(walk.lines == ["POST /reviews"])
        #expect(walk.answer(500).end?.outcome == .serverError)
    }

    @Test func `only parts carry the file`() {
        let (_, walk) = started()
        #expect(walk.requests.map(\.carriesFile) == [true, true])
        for part in 0..<2 { stored(walk, part) }
        #expect(walk.requests.map(\.carriesFile) == [false])
    }

    @Test func `a strategy is used again with nothing left of the last upload`() {
        let (scenario, first) = started()
        first.answer(503, tag: 0)
        stored(first, 1)
        first.answer(403, tag: 0).answer(204)
        let walk = Walk(scenario, Walk.content(6 << 20)).answer(200, signed)
        #expect(scenario.retries == 0)
        for part in 0..<2 { stored(walk, part) }
        walk.answer(200, "<R><ETag>x</ETag></R>")
        #expect(walk.answer(201).end?.outcome == .success)
    }

    private final class Signer: MultipartSigning {
        private func target(_ path: String) -> RequestTarget {
            RequestTarget(origin: Origin(scheme: .http, host: "s3.test"), pathAndQuery: path)
        }
        func create(for content: UploadContent, unixSeconds: Int64) -> RequestTarget {
            target("/k?uploads")
        }
        func part(_ number: Int, of uploadID: String, unixSeconds: Int64) -> RequestTarget {
            target("/k?partNumber=\(number)&uploadId=\(uploadID)")
        }
        func complete(_ uploadID: String, unixSeconds: Int64) -> RequestTarget {
            target("/k?uploadId=\(uploadID)")
        }
        func abort(_ uploadID: String, unixSeconds: Int64) -> RequestTarget {
            target("/k?uploadId=\(uploadID)")
        }
    }

    @Test func `signed here, an upload is its S3 requests alone`() {
        let scenario = PresignedMultipart(.local(Signer()), partBytes: 5_242_880, window: 4)
        let walk = Walk(scenario, Walk.content(6 << 20))
        #expect(walk.lines == ["POST /k?uploads"])
        #expect(walk.phases == [.authorize])
        walk.answer(200, "<InitiateMultipartUploadResult><UploadId>U</UploadId></X>")
        #expect(walk.lines == ["PUT /k?partNumber=1&uploadId=U", "PUT /k?partNumber=2&uploadId=U"])
        for part in 0..<2 { stored(walk, part) }
        #expect(walk.lines == ["POST /k?uploadId=U"])
        #expect(walk.answer(200, "<R><ETag>x</ETag></R>").end?.outcome == .success)
    }
}
