import NetIO
import Transfer

/// Asks another origin, before a request, whether a page may send it (Fetch, "CORS-preflight fetch").
struct Preflight {
    let head: RequestHeadText
    let origin: Origin
    let pageOrigin: String
    let connectionGroup: Int

    var request: Request {
        var text = """
            OPTIONS \(head.target) HTTP/1.1\r\nHost: \(origin.authority)\r\nOrigin: \(pageOrigin)\r\n\
            Access-Control-Request-Method: \(head.method)\r\n
            """
        let names = head.unsafeNames
        if !names.isEmpty {
            text += "Access-Control-Request-Headers: \(names.joined(separator: ","))\r\n"
        }
        var request = Request(origin: origin, head: Array((text + "\r\n").utf8))
        request.connectionGroup = connectionGroup
        return request
    }

    func isAllowed(by answer: Answer) -> Bool {
        guard (200..<300).contains(answer.status),
            Self.names(answer, pageOrigin: pageOrigin)
        else { return false }
        let methods = Self.list(answer, "Access-Control-Allow-Methods")
        guard head.hasSafeMethod || methods.contains("*") || methods.contains(head.method) else {
            return false
        }
        let allowed = Self.list(answer, "Access-Control-Allow-Headers").map { $0.lowercased() }
        // The wildcard does not cover Authorization (Fetch, "CORS non-wildcard request-header name").
        return head.unsafeNames.allSatisfy {
            allowed.contains($0) || ($0 != "authorization" && allowed.contains("*"))
        }
    }

    /// In seconds: 5 unless told (Fetch, step "Access-Control-Max-Age"), at most 7,200 as Chromium has
    /// it.
    static func maxAge(_ answer: Answer) -> Int64 {
        let given = answer.headers.first("Access-Control-Max-Age").flatMap { Int64($0) }
        return min(max(0, given ?? 5), 7200)
    }

    /// Does the answer let a page of this origin read it (Fetch, "CORS check")?
    static func names(_ answer: Answer, pageOrigin: String) -> Bool {
        let allowed = answer.headers.first("Access-Control-Allow-Origin")
        return allowed == "*" || allowed == pageOrigin
    }

    static func list(_ answer: Answer, _ name: String) -> [String] {
        (answer.headers.first(name) ?? "").split(separator: ",").map {
            String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }
}

/// What preflights have allowed already (Fetch, "CORS-preflight cache"): by origin of the page, URL, and
/// method or header name.
struct PreflightCache {
    private struct Entry: Hashable {
        let page: String
        let url: String
        let what: String
    }

    private var untilSeconds: [Entry: Int64] = [:]
    private static let limit = 1000

    func allows(_ preflight: Preflight, unixSeconds: Int64) -> Bool {
        entries(preflight).allSatisfy { (untilSeconds[$0] ?? .min) > unixSeconds }
    }

    mutating func keep(_ preflight: Preflight, maxAge: Int64, unixSeconds: Int64) {
        guard maxAge > 0 else { return }
        if untilSeconds.count > Self.limit {
            untilSeconds = untilSeconds.filter { $0.value > unixSeconds }
            if untilSeconds.count > Self.limit { untilSeconds = [:] }
        }
        for entry in entries(preflight) { untilSeconds[entry] = unixSeconds + maxAge }
    }

    private func entries(_ preflight: Preflight) -> [Entry] {
        let head = preflight.head
        let url = preflight.origin.authority + head.target
        var what = head.unsafeNames.map { "header " + $0 }
        if !head.hasSafeMethod || what.isEmpty { what.append("method " + head.method) }
        return what.map { Entry(page: preflight.pageOrigin, url: url, what: $0) }
    }
}
