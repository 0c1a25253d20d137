import Measure
import NetIO
import Scenarios
import Testing
import Transfer

/// Walks a multipart upload of three parts through answers, with no network.
@Suite struct MultipartScenarioTests {
    private let api = GatewayAPI(
        origin: Origin(scheme: .http, host: "api.test"), pathPrefix: "", bucket: "b", token: nil)
    private let content = UploadContent(
        payload: Payload(byteCount: 11 << 20, prefix: [], seed: 1), contentType: "a/b",
        fileName: "f.bin")
    private let signed = """
        {"id": "users/u/k", "data": {"uploadId": "U", "partBytes": 5242880,
         "parts": ["http://s3.test/k?partNumber=1", "http://s3.test/k?partNumber=2",
                   "http://s3.test/k?partNumber=3"],
         "complete": "http://s3.test/k?complete", "abort": "http://s3.test/k?abort"}}
        """

    private func answer(
        _ status: Int, _ body: String = "", _ fields: [(name: String, value: String)] = []
    ) -> Answer {
        Answer(status: status, headers: HeaderFields(fields), body: Array(body.utf8))
    }

    private func stored(_ number: Int) -> Answer { answer(200, "", [("ETag", "\"e\(number)\"")]) }

    /// What a step sends: its request lines' first words and queries.
    private func lines(_ step: Step) -> [String] {
        let requests: [ScenarioRequest] =
            switch step {
            case .send(let one): [one]
            case .sendAll(let all): all
            case .wait, .finished: []
            }
        return requests.map {
            let line = String(decoding: $0.request.head, as: UTF8.self).prefix { $0 != "\r\n" }
            return String(line.dropLast(" HTTP/1.1".count))
        }
    }

    private func started(window: Int = 2) -> (PresignedMultipart, Step) {
        let scenario = PresignedMultipart(.gateway(api), partBytes: 5_242_880, window: window)
        #expect(lines(scenario.begin(content, unixSeconds: 0)) == ["POST /signed-multipart"])
        return (scenario, scenario.received(answer(200, signed), tag: 0, unixSeconds: 0))
    }

    private func end(_ step: Step) -> UploadEnd? {
        if case .finished(let end) = step { return end }
        return nil
    }

    @Test func `parts go out a window at a time, in order, and are completed and reviewed`() {
        let (scenario, first) = started()
        #expect(lines(first) == ["PUT /k?partNumber=1", "PUT /k?partNumber=2"])
        let third = scenario.received(stored(2), tag: 1, unixSeconds: 0)
        #expect(lines(third) == ["PUT /k?partNumber=3"])
        #expect(lines(scenario.received(stored(1), tag: 0, unixSeconds: 0)).isEmpty)
        let complete = scenario.received(stored(3), tag: 2, unixSeconds: 0)
        #expect(lines(complete) == ["POST /k?complete"])
        guard case .send(let request) = complete, case .bytes(let xml)? = request.request.body.first
        else { return #expect(Bool(false), "the completion has a body") }
        #expect(
            String(decoding: xml, as: UTF8.self).contains(
                "<PartNumber>1</PartNumber><ETag>\"e1\"</ETag>"))
        let review = scenario.received(
            answer(200, "<R><ETag>x</ETag></R>"), tag: 0, unixSeconds: 0)
        #expect(lines(review) == ["POST /reviews"])
        #expect(end(scenario.received(answer(201), tag: 0, unixSeconds: 0))?.outcome == .success)
        #expect(scenario.retries == 0)
    }

    @Test func `a part that fails for a passing reason is sent again alone`() {
        let (scenario, _) = started()
        let again = scenario.received(answer(503), tag: 1, unixSeconds: 0)
        #expect(lines(again) == ["PUT /k?partNumber=2"])
        #expect(scenario.retries == 1)
    }

    @Test func `a part is given up after three attempts, and the upload aborted when all is quiet`()
    {
        let (scenario, _) = started()
        for _ in 0..<2 {
            #expect(
                lines(scenario.received(answer(503), tag: 1, unixSeconds: 0))
                    == ["PUT /k?partNumber=2"])
        }
        #expect(lines(scenario.received(answer(503), tag: 1, unixSeconds: 0)).isEmpty)
        let abort = scenario.received(stored(1), tag: 0, unixSeconds: 0)
        #expect(lines(abort) == ["DELETE /k?abort"])
        let end = end(scenario.received(answer(204), tag: 0, unixSeconds: 0))
        #expect(end?.outcome == .serverError)
        #expect(end?.httpStatus == 503)
    }

    @Test func `a refused part is not sent again`() {
        let (scenario, _) = started(window: 1)
        let abort = scenario.received(
            answer(403, "<Error><Code>AccessDenied</Code></Error>"), tag: 0, unixSeconds: 0)
        #expect(lines(abort) == ["DELETE /k?abort"])
        let end = end(scenario.received(answer(204), tag: 0, unixSeconds: 0))
        #expect(end?.errorCode == "AccessDenied")
    }

    @Test func `an error inside a completion's 200 fails the upload`() {
        let (scenario, _) = started(window: 3)
        for part in 0..<3 { _ = scenario.received(stored(part + 1), tag: part, unixSeconds: 0) }
        let abort = scenario.received(
            answer(200, "<Error><Code>InternalError</Code></Error>"), tag: 0, unixSeconds: 0)
        #expect(lines(abort) == ["DELETE /k?abort"])
        let end = end(scenario.received(answer(204), tag: 0, unixSeconds: 0))
        #expect(end?.outcome == .unexpectedAnswer)
    }

    @Test(
        arguments: [
            (0, 1), (1, 1), (5_242_880, 1), (5_242_881, 2), (52_428_800_000, 10_000),
        ] as [(Int64, Int)])
    func `an object has as many parts as it fills`(_ bytes: Int64, _ count: Int) throws {
        let plan = try #require(PartPlan(objectBytes: bytes, partBytes: 5_242_880))
        #expect(plan.count == count)
        #expect(plan.range(count - 1).upperBound == Int(bytes))
    }

    @Test(
        arguments: [
            (-1, 5_242_880), (1, 5_242_879), (1, 5_368_709_121), (52_428_800_001, 5_242_880),
        ] as [(Int64, Int64)])
    func `a plan that S3 would refuse cannot be made`(_ bytes: Int64, _ partBytes: Int64) {
        #expect(PartPlan(objectBytes: bytes, partBytes: partBytes) == nil)
    }
}
