import Measure
import NetIO
import Scenarios
import Testing
import Transfer

/// Walks a strategy through made answers, with no network and no clock.
final class Walk {
    private let scenario: any Scenario
    private(set) var step: Step
    private(set) var unixSeconds: Int64

    init(_ scenario: any Scenario, _ content: UploadContent, unixSeconds: Int64 = 0) {
        self.scenario = scenario
        self.unixSeconds = unixSeconds
        step = scenario.begin(content, unixSeconds: unixSeconds)
    }

    /// What the last step sends.
    var requests: [ScenarioRequest] {
        switch step {
        case .send(let one): [one]
        case .sendAll(let all): all
        case .wait, .finished: []
        }
    }

    /// Methods and targets of what the last step sends.
    var lines: [String] {
        requests.map {
            let line = String(decoding: $0.request.head, as: UTF8.self).prefix { $0 != "\r\n" }
            return String(line.dropLast(" HTTP/1.1".count))
        }
    }

    /// The head of the only request that the last step sends.
    var head: String {
        requests.count == 1 ? String(decoding: requests[0].request.head, as: UTF8.self) : ""
    }

    /// Its body, a payload as its length.
    var body: String {
        guard requests.count == 1 else { return "" }
        return requests[0].request.body.map { slice in
            switch slice {
            case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
            case .payload(_, let range): "<\(range.count) bytes>"
            }
        }.joined()
    }

    var phases: [Phase] { requests.map(\.phase) }

    var end: UploadEnd? {
        if case .finished(let end) = step { return end }
        return nil
    }

    /// Answers the only request of the last step, or the one with that tag.
    @discardableResult
    func answer(
        _ status: Int, _ body: String = "", _ fields: [(name: String, value: String)] = [],
        tag: Int? = nil
    ) -> Walk {
        let answer = Answer(status: status, headers: HeaderFields(fields), body: Array(body.utf8))
        step = scenario.received(answer, tag: tag ?? onlyTag, unixSeconds: unixSeconds)
        return self
    }

    @discardableResult
    func lose(_ failure: TransferFailure = .closedBeforeAnswer, tag: Int? = nil) -> Walk {
        let failed = FailedTransfer(failure: failure, timings: Timings())
        step = scenario.failed(failed, tag: tag ?? onlyTag, unixSeconds: unixSeconds)
        return self
    }

    private var onlyTag: Int { requests.first?.tag ?? -1 }

    static let api = GatewayAPI(
        origin: Origin(scheme: .http, host: "api.test"), pathPrefix: "", bucket: "b", token: "t")

    static func content(_ byteCount: Int = 3) -> UploadContent {
        UploadContent(
            payload: Payload(byteCount: byteCount, prefix: [1, 2, 3], seed: 1),
            contentType: "image/png", fileName: "a b.png")
    }
}
