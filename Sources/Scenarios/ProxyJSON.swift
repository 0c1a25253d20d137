import Foundation
import Measure
package import Presign
package import Transfer

/// `proxy-json`: one `POST /images` with the file as Base64 in JSON. The API stores it, reviews it
/// and answers 201.
package final class ProxyJSON: Scenario {
    private let api: GatewayAPI
    private let names: RandomSource?
    private var name: RequestName?
    /// As the last answer named it.
    private var key: String?
    private var sizeBytes: Int64 = 0

    /// - Parameter names: gives each request an `Idempotency-Key`, by which its object is called; nil: the
    ///   API chooses, and only its answer tells.
    package init(_ api: GatewayAPI, names: RandomSource? = nil) {
        self.api = api
        self.names = names
    }

    package func begin(_ content: UploadContent, unixSeconds: Int64) -> Step {
        key = nil
        sizeBytes = content.sizeBytes
        name = names.map { RequestName($0, content) }
        let opening = """
            {"filename":"\(GatewayAPI.jsonEscaped(content.fileName))",\
            "contentType":"\(GatewayAPI.jsonEscaped(content.contentType))","image":"
            """
        // Encoded for each upload, as a client does: its cost is the strategy's.
        let body =
            [BodySlice(bytes: Array(opening.utf8))] + Self.encoded(content.payload)
            + [BodySlice(bytes: Array("\"}".utf8))]
        let request = api.post("/images", body, fields: name?.field ?? "")
        return .send(ScenarioRequest(phase: .upload, request: request))
    }

    /// A file that repeats its first bytes does so in Base64 too, as they are a multiple of three.
    private static func encoded(_ payload: Payload) -> [BodySlice] {
        let window = BodySlice(bytes: Base64.encode(payload.buffer))
        guard payload.byteCount > payload.buffer.count else { return [window] }
        let (whole, rest) = payload.byteCount.quotientAndRemainder(
            dividingBy: payload.buffer.count)
        let last = UnsafeRawBufferPointer(rebasing: payload.buffer[..<rest])
        return Array(repeating: window, count: whole) + [BodySlice(bytes: Base64.encode(last))]
    }

    package func received(_ answer: Answer, tag: Int, unixSeconds: Int64) -> Step {
        struct Stored: Decodable { let id: String? }
        guard answer.status == 201 else { return .finished(.failed(answer)) }
        // An API may have nothing to say; what is no such object does not come from one.
        if !answer.body.isEmpty {
            let stored = try? JSONDecoder().decode(Stored.self, from: Data(answer.body))
            guard let stored, stored.id != "" else { return .finished(.failed(answer)) }
            key = stored.id
        }
        return .finished(.reviewed(answer, sizeBytes: sizeBytes))
    }

    /// What the answer tells counts: not every API takes the name.
    package var writtenKey: WrittenKey? { key.map { .key($0) } ?? name?.key }
}
