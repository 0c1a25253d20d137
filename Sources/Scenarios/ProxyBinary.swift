import Foundation
import Measure
package import Presign
package import Transfer

/// `proxy-binary`: `PUT /uploads/{key}` through the API's service integration, then `POST /reviews`.
package final class ProxyBinary: Scenario {
    private let api: GatewayAPI
    private let random: RandomSource
    private var phase = Phase.upload
    private var name = ""
    private var sizeBytes: Int64 = 0

    /// - Parameter random: names the objects. Seeded, it names the same ones in each run, which then
    ///   overwrites what the last one stored.
    package init(_ api: GatewayAPI, random: RandomSource = RandomSource()) {
        self.api = api
        self.random = random
    }

    package func begin(_ content: UploadContent, unixSeconds: Int64) -> Step {
        phase = .upload
        sizeBytes = content.sizeBytes
        name = random.uuid() + content.fileExtension
        return .send(
            ScenarioRequest(
                phase: .upload, request: api.put("/uploads/" + GatewayAPI.escaped(name), content)))
    }

    package var writtenKey: WrittenKey? { name.isEmpty ? nil : .name(name) }

    package func received(_ answer: Answer, tag: Int, unixSeconds: Int64) -> Step {
        guard phase == .upload else {
            return .finished(.reviewed(answer, sizeBytes: sizeBytes))
        }
        struct Stored: Decodable { let id: String }
        guard answer.status == 200,
            let stored = try? JSONDecoder().decode(Stored.self, from: Data(answer.body))
        else { return .finished(.failed(answer)) }
        phase = .notify
        return .send(ScenarioRequest(phase: .notify, request: api.reviewRequest(key: stored.id)))
    }
}
