import Measure
import NetIO
package import Transfer

/// A strategy as a page in a browser carries it out: with an `Origin`, with the preflights that the
/// Fetch standard asks for, and without what a browser does not let a page see or do. One instance is
/// one browser.
package final class BrowserClient: Scenario {
    private let scenario: any Scenario
    private let pageOrigin: String
    private let page: Origin?
    private let forgetsBetweenUploads: Bool
    private var cache = PreflightCache()
    /// Requests that wait for their preflight or their answer, by the tag that they were sent with.
    private var pending: [Int: Pending] = [:]
    private var nextTag = 0
    /// Why the page was told of a network error, where the strategy has no word for it.
    private var hiddenEnd: UploadEnd?

    private struct Pending {
        let original: ScenarioRequest
        let preflight: Preflight
        let isPreflight: Bool
        let isSameOrigin: Bool
    }

    /// Where the page comes from that uploads.
    package static let usualPage = "https://app.example"

    /// - Parameters:
    ///   - pageOrigin: of the page that uploads, as `https://app.example`.
    ///   - forgetsBetweenUploads: the preflight cache begins empty with each upload, as for a visitor
    ///     who comes for the first time; otherwise it lasts from upload to upload.
    package init(
        wrapping scenario: any Scenario, pageOrigin: String = usualPage,
        forgetsBetweenUploads: Bool = false
    ) {
        self.scenario = scenario
        self.pageOrigin = pageOrigin
        page = Origin(url: pageOrigin)
        self.forgetsBetweenUploads = forgetsBetweenUploads
    }

    package var retries: Int { scenario.retries }
    package var writtenKey: WrittenKey? { scenario.writtenKey }

    package func begin(_ content: UploadContent, unixSeconds: Int64) -> Step {
        pending = [:]
        hiddenEnd = nil
        if forgetsBetweenUploads { cache = PreflightCache() }
        return take(scenario.begin(content, unixSeconds: unixSeconds), unixSeconds)
    }

    package func received(_ answer: Answer, tag: Int, unixSeconds: Int64) -> Step {
        guard let waiting = pending.removeValue(forKey: tag) else { return .wait }
        if waiting.isPreflight { return receivedPreflight(answer, waiting, unixSeconds) }
        if !waiting.isSameOrigin {
            guard Preflight.names(answer, pageOrigin: waiting.preflight.pageOrigin) else {
                // The page learns nothing; the file may be stored all the same.
                return refuse("cors-refused", answer, waiting, unixSeconds)
            }
            if waiting.original.needsETag, answer.status == 200, !Self.exposesETag(answer) {
                return refuse("cors-etag-hidden", answer, waiting, unixSeconds)
            }
        }
        let step = scenario.received(answer, tag: waiting.original.tag, unixSeconds: unixSeconds)
        return take(step, unixSeconds)
    }

    package func failed(_ failure: FailedTransfer, tag: Int, unixSeconds: Int64) -> Step {
        guard let waiting = pending.removeValue(forKey: tag) else { return .wait }
        if failure.failure == .cancelled, hiddenEnd == nil { hiddenEnd = .lost(failure) }
        return tell(failure, waiting, unixSeconds)
    }

    // MARK: Requests

    private func take(_ step: Step, _ unixSeconds: Int64) -> Step {
        switch step {
        case .send(let request): .send(prepare(request, unixSeconds))
        case .sendAll(let requests): .sendAll(requests.map { prepare($0, unixSeconds) })
        case .wait: step
        case .finished(let end):
            .finished(end.outcome == .cancelled ? hiddenEnd ?? end : end)
        }
    }

    /// The request itself, or the preflight that has to come before it.
    private func prepare(_ next: ScenarioRequest, _ unixSeconds: Int64) -> ScenarioRequest {
        let origin = next.request.origin
        // Fetch, "HTTP-redirect fetch": who was sent on by one foreign origin to another has no name.
        let isTainted = next.redirectedFrom.map { $0 != origin && $0 != page } ?? false
        let preflight = Preflight(
            head: RequestHeadText(next.request), origin: origin,
            pageOrigin: isTainted ? "null" : pageOrigin,
            connectionGroup: next.request.connectionGroup)
        let isSameOrigin = origin == page && (next.redirectedFrom ?? origin) == page
        let asks =
            !isSameOrigin && preflight.head.needsPreflight
            && !cache.allows(preflight, unixSeconds: unixSeconds)
        let waiting = Pending(
            original: next, preflight: preflight, isPreflight: asks, isSameOrigin: isSameOrigin)
        return asks ? send(preflight.request, waiting) : actual(waiting)
    }

    private func actual(_ waiting: Pending) -> ScenarioRequest {
        let preflight = waiting.preflight
        var head = preflight.head
        head.fields.removeAll { $0.name.lowercased() == "expect" }
        // Fetch, "append a request Origin header".
        if !waiting.isSameOrigin || !["GET", "HEAD"].contains(head.method) {
            head.fields.append(("Origin", preflight.pageOrigin))
        }
        var request = waiting.original.request
        request.head = head.bytes
        request.expectsContinue = false
        // Chromium reads no answer before a body's end.
        request.sendsWholeBody = true
        return send(
            request,
            Pending(
                original: waiting.original, preflight: preflight, isPreflight: false,
                isSameOrigin: waiting.isSameOrigin))
    }

    private func send(_ request: Request, _ waiting: Pending) -> ScenarioRequest {
        nextTag += 1
        pending[nextTag] = waiting
        var next = ScenarioRequest(phase: waiting.original.phase, request: request, tag: nextTag)
        next.carriesFile = waiting.original.carriesFile && !waiting.isPreflight
        return next
    }

    // MARK: Answers

    private func receivedPreflight(
        _ answer: Answer, _ waiting: Pending, _ unixSeconds: Int64
    ) -> Step {
        guard waiting.preflight.isAllowed(by: answer) else {
            return refuse("cors-preflight-refused", answer, waiting, unixSeconds)
        }
        cache.keep(waiting.preflight, answer, unixSeconds: unixSeconds)
        return .send(actual(waiting))
    }

    /// The page sees a network error. To the strategy it is a request that was taken away: it does not
    /// send it again, which would be answered the same, but it takes back what it has begun.
    private func refuse(
        _ code: String, _ answer: Answer, _ waiting: Pending, _ unixSeconds: Int64
    ) -> Step {
        if hiddenEnd == nil {
            hiddenEnd = UploadEnd(.refused, httpStatus: answer.status, errorCode: code)
        }
        let failure = FailedTransfer(failure: .cancelled, timings: answer.timings)
        return tell(failure, waiting, unixSeconds)
    }

    private func tell(
        _ failure: FailedTransfer, _ waiting: Pending, _ unixSeconds: Int64
    ) -> Step {
        cache.forget(waiting.preflight)
        return take(
            scenario.failed(failure, tag: waiting.original.tag, unixSeconds: unixSeconds),
            unixSeconds)
    }

    private static func exposesETag(_ answer: Answer) -> Bool {
        Preflight.list(answer, "Access-Control-Expose-Headers").contains {
            $0 == "*" || $0.lowercased() == "etag"
        }
    }
}
