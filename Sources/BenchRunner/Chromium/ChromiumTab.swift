import Foundation
import Measure

/// The gateway's page in a browser context of its own: without connections, kept preflights or caches of
/// those before it.
final class ChromiumTab {
    private let pipe: DevToolsPipe
    private let context: String
    private let session: String
    private var requests = PageRequests()
    private var hasLoaded = false
    private static let loadSeconds = 30.0
    /// Of one upload.
    private static let uploadSeconds = 600.0
    /// Events of preflights come from another process than the page's own.
    private static let quietSeconds = 0.1

    /// Loads the page, and hands it the API's token, which stays in its memory.
    init(_ pipe: DevToolsPipe, page: String, token: String?) throws(DevToolsPipe.Failure) {
        self.pipe = pipe
        context = try Self.text(
            pipe.call("Target.createBrowserContext", ["disposeOnDetach": true]),
            "browserContextId")
        let target = try Self.text(
            pipe.call(
                "Target.createTarget", ["url": "about:blank", "browserContextId": context]),
            "targetId")
        session = try Self.text(
            pipe.call("Target.attachToTarget", ["targetId": target, "flatten": true]), "sessionId")
        pipe.onEvent = { [unowned self] in take($0) }
        for domain in ["Network", "Page"] { _ = try ask("\(domain).enable") }
        _ = try ask("Page.navigate", ["url": page])
        try pipe.takeEvents(quietSeconds: Self.loadSeconds, until: { hasLoaded })
        guard hasLoaded else { throw .browser("\(page) did not load") }
        _ = try evaluate("window.uploadbench.ready")
        if let token {
            _ = try evaluate("window.uploadbench.place.token = \(Self.literal(token)); 0")
        }
    }

    /// Makes the file that the next uploads send.
    func makeFile(bytes: Int64, seed: UInt64) throws(DevToolsPipe.Failure) {
        _ = try evaluate(
            "window.uploadbench.file = window.uploadbench.makeFile(\(bytes), \(seed & 0xFFFF_FFFF)); 0"
        )
    }

    func upload(
        _ scenario: Strategy, _ client: ClientPlan, number: Int64
    ) throws(DevToolsPipe.Failure) -> (sample: Sample, preflights: Int) {
        requests = PageRequests()
        let startedNs = monotonicNs()
        let answer = try evaluate(
            """
            window.uploadbench.measureOne(
                {...window.uploadbench.place, api: window.uploadbench.place.otherOrigin},
                {scenario: \(Self.literal(scenario.rawValue)), file: window.uploadbench.file,
                 options: {partBytes: \(client.partBytes), window: \(client.partWindow)}})
            """, within: Self.uploadSeconds)
        try pipe.takeEvents(quietSeconds: Self.quietSeconds, until: { requests.areDone })
        guard let page = PageSample(answer) else {
            throw .browser("the page did not measure the upload")
        }
        return (
            page.sample(startedNs: startedNs, upload: number, requests), requests.preflights
        )
    }

    func close() throws(DevToolsPipe.Failure) {
        pipe.onEvent = { _ in }
        _ = try pipe.call("Target.disposeBrowserContext", ["browserContextId": context])
    }

    private func take(_ event: [String: Any]) {
        guard event["sessionId"] as? String == session else { return }
        if event["method"] as? String == "Page.loadEventFired" { hasLoaded = true }
        requests.take(event)
    }

    private func ask(
        _ method: String, _ parameters: [String: Any] = [:], within seconds: Double = 30
    ) throws(DevToolsPipe.Failure) -> [String: Any] {
        try pipe.call(method, parameters, session: session, within: seconds)
    }

    private func evaluate(
        _ script: String, within seconds: Double = 30
    ) throws(DevToolsPipe.Failure) -> Any? {
        let answer = try ask(
            "Runtime.evaluate",
            ["expression": script, "awaitPromise": true, "returnByValue": true], within: seconds)
        guard answer["exceptionDetails"] == nil else {
            throw .browser("the page failed: is it this version's?")
        }
        return (answer["result"] as? [String: Any])?["value"]
    }

    private static func text(
        _ answer: [String: Any], _ name: String
    ) throws(DevToolsPipe.Failure) -> String {
        guard let text = answer[name] as? String else { throw .browser("no \(name)") }
        return text
    }

    /// As JavaScript has it. JSON is a part of that language.
    private static func literal(_ text: String) -> String {
        let data = try? JSONSerialization.data(withJSONObject: [text])
        return String(decoding: data ?? Data("[\"\"]".utf8), as: UTF8.self) + "[0]"
    }
}
