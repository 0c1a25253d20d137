import NetIO
import Transfer

/// Asks another origin, before a request, whether a page may send it (Fetch, "CORS-preflight fetch").
struct Preflight {
    let head: RequestHeadText
    let origin: Origin
    /// As the `Origin` field has it: `null` behind a redirect from one foreign origin to another.
    let pageOrigin: String
    let connectionGroup: Int

    var request: Request {
        var text = """
            OPTIONS \(head.target) HTTP/1.1\r\nHost: \(origin.authority)\r\nAccept: */*\r\n\
            Origin: \(pageOrigin)\r\nAccess-Control-Request-Method: \(head.method)\r\n
            """
        let names = head.unsafeNames
        if !names.isEmpty {
            text += "Access-Control-Request-Headers: \(names.joined(separator: ","))\r\n"
        }
        var request = Request(origin: origin, head: Array((text + "\r\n").utf8))
        request.connectionGroup = connectionGroup
        return request
    }

    /// A redirect is no answer either: its status is not among the good ones.
    func isAllowed(by answer: Answer) -> Bool {
        guard (200..<300).contains(answer.status), Self.names(answer, pageOrigin: pageOrigin)
        else { return false }
        let methods = Self.allowedMethods(answer)
        guard head.hasSafeMethod || methods.contains("*") || methods.contains(head.method) else {
            return false
        }
        let allowed = Self.allowedNames(answer)
        return head.unsafeNames.allSatisfy {
            allowed.contains($0) || (Self.coversByWildcard($0) && allowed.contains("*"))
        }
    }

    /// Fetch, "CORS non-wildcard request-header name".
    static func coversByWildcard(_ name: String) -> Bool { name != "authorization" }

    static func allowedMethods(_ answer: Answer) -> [String] {
        list(answer, "Access-Control-Allow-Methods")
    }

    static func allowedNames(_ answer: Answer) -> [String] {
        list(answer, "Access-Control-Allow-Headers").map { $0.lowercased() }
    }

    /// In seconds: 5 unless told (Fetch, step "Access-Control-Max-Age"), at most 7,200 as Chromium has
    /// it.
    static func maxAge(_ answer: Answer) -> Int64 {
        let given = answer.headers.first("Access-Control-Max-Age").flatMap { Int64($0) }
        return min(max(0, given ?? 5), 7200)
    }

    /// Does the answer let a page of this origin read it (Fetch, "CORS check")? Of several fields, none
    /// counts.
    static func names(_ answer: Answer, pageOrigin: String) -> Bool {
        let allowed = answer.headers.all("Access-Control-Allow-Origin")
        return allowed.count == 1 && (allowed[0] == "*" || allowed[0] == pageOrigin)
    }

    static func list(_ answer: Answer, _ name: String) -> [String] {
        answer.headers.all(name).flatMap { $0.split(separator: ",") }.map { item in
            String(item.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }
}
