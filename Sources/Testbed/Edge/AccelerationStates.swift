import NetIO
import Presign

/// Whether a bucket is accelerated. AWS takes up to 30 minutes to notice a change; here a second.
final class AccelerationStates {
    enum State {
        case enabled, suspended, neverConfigured, noBucket
        /// The store answered something else.
        case unknown
        case unreachable(SystemError)

        var isKnown: Bool {
            switch self {
            case .unknown, .unreachable: false
            default: true
            }
        }
    }

    private let configuration: AccelerateConfiguration
    private let upstream: UpstreamClient
    private let signer: HeaderSigner
    private var known: [String: (state: State, untilNs: Int64)] = [:]
    private var waiting: [String: [(State) -> Void]] = [:]

    private static let validNs: Int64 = 1_000_000_000
    private static let knownLimit = 1000

    init(_ configuration: AccelerateConfiguration, _ upstream: UpstreamClient) {
        self.configuration = configuration
        self.upstream = upstream
        signer = HeaderSigner(credentials: configuration.credentials, region: configuration.region)
    }

    /// A state that is a little old is used at once while it is asked for again: no upload waits for
    /// the long way but the first.
    func find(_ bucket: String, _ completion: @escaping (State) -> Void) {
        guard let state = known[bucket] else { return ask(bucket, completion) }
        if upstream.loop.nowNs > state.untilNs { ask(bucket) { _ in } }
        completion(state.state)
    }

    private func ask(_ bucket: String, _ completion: @escaping (State) -> Void) {
        waiting[bucket, default: []].append(completion)
        guard waiting[bucket]?.count == 1 else { return }
        let host = "\(bucket).localhost"
        let signed = signer.sign(
            method: "GET", path: "/", query: [("accelerate", "")], headers: [("Host", host)],
            payload: .empty, at: configuration.now())
        var head = "GET /?accelerate HTTP/1.1\r\nHost: \(host)\r\n"
        for field in signed.headers { head += "\(field.name): \(field.value)\r\n" }
        upstream.send(Array((head + "\r\n").utf8)) { [self] result in
            let state = Self.state(result)
            if known.count >= Self.knownLimit { known = [:] }
            if state.isKnown {
                known[bucket] = (state, upstream.loop.nowNs + Self.validNs)
            }
            (waiting.removeValue(forKey: bucket) ?? []).forEach { $0(state) }
        }
    }

    private static func state(_ result: Result<UpstreamAnswer, SystemError>) -> State {
        let answer: UpstreamAnswer
        switch result {
        case .success(let given): answer = given
        case .failure(let error): return .unreachable(error)
        }
        guard answer.status == 200 else { return answer.status == 404 ? .noBucket : .unknown }
        let text = String(decoding: answer.body, as: UTF8.self)
        if text.contains("<Status>Enabled</Status>") { return .enabled }
        return text.contains("<Status>Suspended</Status>") ? .suspended : .neverConfigured
    }
}
