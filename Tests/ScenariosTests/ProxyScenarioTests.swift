import Foundation
import Measure
import Presign
import Scenarios
import Testing
import Transfer

@Suite struct ProxyScenarioTests {
    @Test(arguments: [0, 1, 2, 3, 4, 1000])
    func `the file goes as Base64 in JSON, in one request`(_ byteCount: Int) throws {
        let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let content = UploadContent(
            payload: Payload(bytes), contentType: "image/png", fileName: "a\"\\\n.png")
        let walk = Walk(ProxyJSON(Walk.api), content)
        #expect(walk.lines == ["POST /images"])
        #expect(walk.phases == [.upload])
        #expect(walk.head.contains("\r\nContent-Type: application/json\r\n"))
        #expect(walk.head.contains("\r\nContent-Length: \(walk.body.utf8.count)\r\n"))
        struct Sent: Decodable { let filename, contentType, image: String }
        let sent = try JSONDecoder().decode(Sent.self, from: Data(walk.body.utf8))
        #expect(sent.filename == content.fileName)
        #expect(sent.contentType == "image/png")
        #expect(Data(base64Encoded: sent.image) == Data(bytes))
        #expect(walk.answer(201).end == UploadEnd(.success, httpStatus: 201))
    }

    @Test(arguments: [
        (200, "{}", Outcome.unexpectedAnswer, ""), (201, "[", .unexpectedAnswer, ""),
        (201, #"{"id": 1}"#, .unexpectedAnswer, ""), (201, #"{"id": ""}"#, .unexpectedAnswer, ""),
        (413, #"{"message":"Request Too Long"}"#, .refused, ""),
        (429, #"{"message": "Too Many Requests"}"#, .refused, ""),
        (504, #"{"message": "Endpoint request timed out"}"#, .serverError, ""),
    ])
    func `anything but 201 ends a JSON upload with its reason`(
        status: Int, body: String, outcome: Outcome, code: String
    ) {
        let walk = Walk(ProxyJSON(Walk.api), Walk.content()).answer(status, body)
        #expect(walk.end == UploadEnd(outcome, httpStatus: status, errorCode: code))
    }

    @Test func `a binary upload is named by the client and reviewed under the name returned`() {
        let walk = Walk(ProxyBinary(Walk.api, random: RandomSource(seed: 7)), Walk.content())
        let name = RandomSource(seed: 7).uuid()
        #expect(walk.lines == ["PUT /uploads/\(name).png"])
        #expect(walk.phases == [.upload])
        #expect(walk.head.contains("\r\nContent-Type: image/png\r\nContent-Length: 3\r\n"))
        #expect(walk.body == "<3 bytes>")
        walk.answer(200, #"{"id": "users/u/k.png"}"#)
        #expect(walk.lines == ["POST /reviews"])
        #expect(walk.phases == [.notify])
        #expect(walk.body == #"{"bucket":"b","key":"users/u/k.png"}"#)
        #expect(walk.answer(201).end?.outcome == .success)
    }

    @Test func `each binary upload has a name of its own`() {
        let scenario = ProxyBinary(Walk.api)
        #expect(Walk(scenario, Walk.content()).lines != Walk(scenario, Walk.content()).lines)
    }

    @Test func `a body beyond API Gateway's limit is refused with its status`() {
        let walk = Walk(ProxyBinary(Walk.api), Walk.content())
        walk.answer(413, "HTTP content length exceeded 10485760 bytes.")
        #expect(walk.end == UploadEnd(.refused, httpStatus: 413))
    }

    @Test(arguments: ["", "{}", #"{"id": 1}"#, "<html>"])
    func `a binary upload whose name is not returned is unexpected`(body: String) {
        let walk = Walk(ProxyBinary(Walk.api), Walk.content()).answer(200, body)
        #expect(walk.end?.outcome == .unexpectedAnswer)
    }

    @Test func `a lost request is the upload's end`() {
        let walk = Walk(ProxyJSON(Walk.api), Walk.content()).lose()
        #expect(walk.end == UploadEnd(.connectionLost, errorCode: "closed-before-answer"))
    }
}
