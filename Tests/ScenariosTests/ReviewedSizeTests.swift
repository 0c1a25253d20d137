import Measure
import Scenarios
import Testing
import Transfer

@Suite struct ReviewedSizeTests {
    @Test(
        arguments: [
            (#"{"reviewId":"a","contentType":"image/png","size":3}"#, .size(3)),
            (#"{"size": 12, "reviewId": "a"}"#, .size(12)),
            (#"{"size":9223372036854775807}"#, .size(.max)),
            (#"{"size":9223372036854775808}"#, .noSize), (#"{"size":"3"}"#, .noSize),
            (#"{"size":-3}"#, .noSize), (#"{"size":3.5}"#, .noSize), (#"{"size":3e3}"#, .noSize),
            (#"{"size":null}"#, .noSize), (#"{"size":[3]}"#, .noSize), (#""size":"#, .noSize),
            (#"{"fileSize":3}"#, .none), (#"{"a":"\"size\":4","size":3}"#, .size(3)),
            (":", .none), ("", .none),
        ] as [(String, ReviewedSize.Found)])
    func `the size is found where it is a member, and nowhere else`(
        body: String, size: ReviewedSize.Found
    ) {
        #expect(ReviewedSize.find(in: Array(body.utf8)) == size)
    }

    private static let api = GatewayAPI(
        origin: Origin(scheme: .http, host: "api.test"), pathPrefix: "", bucket: "b", token: "t")

    /// Each strategy that ends with a review, and the answers that lead there.
    private static func strategies() -> [(name: String, any Scenario, [Answer])] {
        func answer(_ status: Int, _ body: String) -> Answer {
            Answer(status: status, body: Array(body.utf8))
        }
        let url = #"{"id":"k","data":{"url":"http://s3.test/b/k","fields":{}}}"#
        return [
            ("proxy-json", ProxyJSON(api), []),
            ("proxy-binary", ProxyBinary(api), [answer(200, #"{"id":"k"}"#)]),
            ("presigned-put", PresignedPut(.gateway(api)), [answer(200, url), answer(200, "")]),
            (
                "presigned-post", PresignedPost(.gateway(api), boundary: "x"),
                [answer(200, url), answer(204, "")]
            ),
        ]
    }

    @Test(arguments: [(3, Outcome.success, ""), (2, .unexpectedAnswer, "size-differs")])
    func `an object that is not as large as the file is no success`(
        size: Int, outcome: Outcome, code: String
    ) {
        let content = UploadContent(
            payload: Payload([1, 2, 3]), contentType: "image/png", fileName: "a.png")
        for (name, scenario, answers) in Self.strategies() {
            _ = scenario.begin(content, unixSeconds: 0)
            for answer in answers { _ = scenario.received(answer, tag: 0, unixSeconds: 0) }
            let review = Answer(
                status: 201, body: Array(#"{"id":"k","reviewId":"r","size":\#(size)}"#.utf8))
            guard case .finished(let end) = scenario.received(review, tag: 0, unixSeconds: 0)
            else {
                Issue.record("\(name) does not end with the review")
                continue
            }
            #expect(
                end == UploadEnd(outcome, httpStatus: 201, errorCode: code), "\(name): \(end)")
        }
    }
}
