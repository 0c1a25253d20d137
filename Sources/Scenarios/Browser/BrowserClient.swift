import Measure
import NetIO
package import Transfer

/// A strategy as a page in a browser carries it out: with an `Origin`, with the preflights that the
/// Fetch standard asks for, and without what a browser does not let a page see or do. One instance is
/// one browser, whose preflight cache lasts from upload to upload.
package final class BrowserClient: Scenario {
    private let scenario: any Scenario
    private let pageOrigin: String
    private var cache = PreflightCache()
    /// Requests that wait for their preflight or their answer, by the tag that they were sent with.
    private var pending: [Int: Pending] = [:]
    private var nextTag = 0

    private struct Pending {
        let original: ScenarioRequest
        let preflight: Preflight
        let isPreflight: Bool
    }

    /// - Parameter pageOrigin: of the page that uploads; every request goes to another origin.
    package init(wrapping scenario: any Scenario, pageOrigin: String = "https://app.example") {
        self.scenario = scenario
        self.pageOrigin = pageOrigin
    }

    package var retries: Int { scenario.retries }

    package func begin(_ content: UploadContent, unixSeconds: Int64) -> Step {
        pending = [:]
        return take(scenario.begin(content, unixSeconds: unixSeconds), unixSeconds)
    }

    package func received(_ answer: Answer, tag: Int, unixSeconds: Int64) -> Step {
        guard let waiting = pending.removeValue(forKey: tag) else { return .wait }
        if waiting.isPreflight { return receivedPreflight(answer, waiting, unixSeconds) }
        guard Preflight.names(answer, pageOrigin: waiting.preflight.pageOrigin) else {
            // The page learns nothing; the file may be stored all the same.
            return refuse("cors-refused", answer)
        }
        if waiting.original.needsETag, !Self.exposesETag(answer) {
            return refuse("cors-etag-hidden", answer)
        }
        let step = scenario.received(
            answer, tag: waiting.original.tag, unixSeconds: unixSeconds)
        return take(step, unixSeconds)
    }

    package func failed(_ failure: FailedTransfer, tag: Int, unixSeconds: Int64) -> Step {
        guard let waiting = pending.removeValue(forKey: tag) else { return .wait }
        return take(
            scenario.failed(failure, tag: waiting.original.tag, unixSeconds: unixSeconds),
            unixSeconds)
    }

    // MARK: Requests

    private func take(_ step: Step, _ unixSeconds: Int64) -> Step {
        switch step {
        case .send(let request): .send(prepare(request, unixSeconds))
        case .sendAll(let requests): .sendAll(requests.map { prepare($0, unixSeconds) })
        case .wait, .finished: step
        }
    }

    /// The request itself, or the preflight that has to come before it.
    private func prepare(_ next: ScenarioRequest, _ unixSeconds: Int64) -> ScenarioRequest {
        let preflight = Preflight(
            head: RequestHeadText(next.request), origin: next.request.origin,
            pageOrigin: next.isRedirect ? "null" : pageOrigin,
            connectionGroup: next.request.connectionGroup)
        let asks =
            preflight.head.needsPreflight && !cache.allows(preflight, unixSeconds: unixSeconds)
        guard asks else { return actual(next, preflight) }
        return send(
            preflight.request, Pending(original: next, preflight: preflight, isPreflight: true))
    }

    private func actual(_ next: ScenarioRequest, _ preflight: Preflight) -> ScenarioRequest {
        var head = preflight.head
        head.fields.removeAll { $0.name.lowercased() == "expect" }
        head.fields.append(("Origin", preflight.pageOrigin))
        var request = next.request
        request.head = head.bytes
        request.expectsContinue = false
        // Chromium reads no answer before a body's end.
        request.sendsWholeBody = true
        return send(
            request, Pending(original: next, preflight: preflight, isPreflight: false))
    }

    private func send(_ request: Request, _ waiting: Pending) -> ScenarioRequest {
        nextTag += 1
        pending[nextTag] = waiting
        return ScenarioRequest(phase: waiting.original.phase, request: request, tag: nextTag)
    }

    // MARK: Answers

    private func receivedPreflight(
        _ answer: Answer, _ waiting: Pending, _ unixSeconds: Int64
    ) -> Step {
        guard waiting.preflight.isAllowed(by: answer) else {
            return refuse("cors-preflight-refused", answer)
        }
        cache.keep(
            waiting.preflight, maxAge: Preflight.maxAge(answer), unixSeconds: unixSeconds)
        return .send(actual(waiting.original, waiting.preflight))
    }

    private func refuse(_ code: String, _ answer: Answer) -> Step {
        .finished(UploadEnd(.refused, httpStatus: answer.status, errorCode: code))
    }

    private static func exposesETag(_ answer: Answer) -> Bool {
        Preflight.list(answer, "Access-Control-Expose-Headers").contains {
            $0 == "*" || $0.lowercased() == "etag"
        }
    }
}
