/// Counts what a page sends, from the DevTools protocol's Network events. Preflights are requests there.
struct PageRequests {
    private(set) var count = 0
    private(set) var preflights = 0
    private var underWay: Set<String> = []

    /// Has every request its end?
    var areDone: Bool { underWay.isEmpty }

    mutating func take(_ event: [String: Any]) {
        guard let method = event["method"] as? String,
            let parameters = event["params"] as? [String: Any],
            let identifier = parameters["requestId"] as? String
        else { return }
        switch method {
        case "Network.requestWillBeSent":
            let request = parameters["request"] as? [String: Any]
            guard let url = request?["url"] as? String, url.hasPrefix("http") else { return }
            // A redirect is told as another request of the same identifier.
            count += 1
            if request?["method"] as? String == "OPTIONS" { preflights += 1 }
            underWay.insert(identifier)
        case "Network.loadingFinished", "Network.loadingFailed": underWay.remove(identifier)
        default: break
        }
    }
}
