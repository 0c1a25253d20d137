import Transfer

/// What preflights have allowed already (Fetch, "CORS-preflight cache"): by origin of the page, URL, and
/// method or header name. One answer allows all that it lists, not only what was asked.
struct PreflightCache {
    private struct Place: Hashable {
        let page: String
        let url: String

        init(_ preflight: Preflight) {
            page = preflight.pageOrigin
            let origin = preflight.origin
            url = "\(origin.scheme.rawValue)://\(origin.authority)\(preflight.head.target)"
        }
    }

    /// When each method and each header name, in lower case, is forgotten.
    private struct Allowed {
        var methods: [String: Int64] = [:]
        var names: [String: Int64] = [:]

        func isLive(_ unixSeconds: Int64) -> Bool {
            methods.values.contains { $0 > unixSeconds }
                || names.values.contains { $0 > unixSeconds }
        }
    }

    private var places: [Place: Allowed] = [:]
    /// Signed URLs differ each time, so almost no entry is ever found again.
    private static let limit = 1000

    func allows(_ preflight: Preflight, unixSeconds: Int64) -> Bool {
        guard let allowed = places[Place(preflight)] else { return false }
        let isLive = { (times: [String: Int64], name: String) in
            (times[name] ?? .min) > unixSeconds
        }
        let head = preflight.head
        guard
            head.hasSafeMethod || isLive(allowed.methods, head.method)
                || isLive(allowed.methods, "*")
        else { return false }
        return head.unsafeNames.allSatisfy {
            isLive(allowed.names, $0)
                || (Preflight.coversByWildcard($0) && isLive(allowed.names, "*"))
        }
    }

    mutating func keep(_ preflight: Preflight, _ answer: Answer, unixSeconds: Int64) {
        let maxAge = Preflight.maxAge(answer)
        guard maxAge > 0 else { return }
        if places.count >= Self.limit { places = places.filter { $0.value.isLive(unixSeconds) } }
        if places.count >= Self.limit { places = [:] }
        var allowed = places[Place(preflight)] ?? Allowed()
        let until = unixSeconds + maxAge
        for method in Preflight.allowedMethods(answer) { allowed.methods[method] = until }
        for name in Preflight.allowedNames(answer) { allowed.names[name] = until }
        places[Place(preflight)] = allowed
    }

    /// After a request that came to nothing (Fetch, "clear cache entries").
    mutating func forget(_ preflight: Preflight) { places[Place(preflight)] = nil }
}
