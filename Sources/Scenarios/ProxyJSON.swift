import Foundation
import Measure
import Presign
package import Transfer

/// `proxy-json`: one `POST /images` with the file as Base64 in JSON. The API stores it, reviews it
/// and answers 201.
package final class ProxyJSON: Scenario {
    private let api: GatewayAPI
    /// As the last answer named it.
    private var key: String?

    package init(_ api: GatewayAPI) { self.api = api }

    package func begin(_ content: UploadContent, unixSeconds: Int64) -> Step {
        key = nil
        let opening = """
            {"filename":"\(GatewayAPI.jsonEscaped(content.fileName))",\
            "contentType":"\(GatewayAPI.jsonEscaped(content.contentType))","image":"
            """
        // Encoded for each upload, as a client does: its cost is the strategy's.
        let body = [
            BodySlice(bytes: Array(opening.utf8)),
            BodySlice(bytes: Base64.encode(content.payload.buffer)),
            BodySlice(bytes: Array("\"}".utf8)),
        ]
        return .send(ScenarioRequest(phase: .upload, request: api.post("/images", body)))
    }

    package func received(_ answer: Answer, tag: Int, unixSeconds: Int64) -> Step {
        guard answer.status == 201 else { return .finished(.failed(answer)) }
        struct Stored: Decodable { let id: String }
        key = (try? JSONDecoder().decode(Stored.self, from: Data(answer.body)))?.id
        return .finished(UploadEnd(.success, httpStatus: answer.status))
    }

    /// Only the answer tells it.
    package var writtenKey: WrittenKey? { key.map { .key($0) } }
}
