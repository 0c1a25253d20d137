import NetIO

/// Where a `Location` field leads (RFC 9110 §10.2.2).
struct RedirectTarget: Equatable {
    let origin: Origin
    /// Path and query.
    let target: String

    /// nil for a place that is not http(s), would end the request line early, or gives up TLS.
    init?(_ location: String, from origin: Origin, target base: String) {
        guard !location.isEmpty, location.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            return nil
        }
        let place = location.prefix { $0 != "#" }
        if place.hasPrefix("//") {
            self.init(absolute: "\(origin.scheme.rawValue):\(place)", from: origin)
        } else if place.hasPrefix("/") {
            self.init(origin: origin, target: String(place))
        } else if place.hasPrefix("?") {
            self.init(origin: origin, target: "\(base.prefix { $0 != "?" })\(place)")
        } else if Self.hasScheme(place) {
            self.init(absolute: String(place), from: origin)
        } else {
            let folder = base.prefix { $0 != "?" }
            let end = folder.lastIndex(of: "/").map { folder.index(after: $0) } ?? folder.startIndex
            self.init(origin: origin, target: "\(folder[..<end])\(place)")
        }
    }

    private init(origin: Origin, target: String) {
        self.origin = origin
        self.target = target
    }

    private init?(absolute url: String, from origin: Origin) {
        guard let place = Origin(url: url), place.scheme == .https || origin.scheme == .http,
            let authority = url.firstRange(of: "://")?.upperBound
        else { return nil }
        let path = url[authority...].drop { $0 != "/" && $0 != "?" }
        self.init(origin: place, target: path.hasPrefix("/") ? String(path) : "/" + path)
    }

    /// RFC 3986 §4.2: a colon before the first slash makes the word before it a scheme.
    private static func hasScheme(_ place: Substring) -> Bool {
        place.prefix { $0 != "/" && $0 != "?" }.contains(":")
    }
}

extension Request {
    /// The request that follows a redirect; nil if it is not to be followed.
    func redirected(status: Int, location: String?, redirects: Int) -> Request? {
        guard redirects < redirectLimit, let location else { return nil }
        switch status {
        case 307, 308: break
        case 301, 302, 303: guard hasMethod("GET") || isHead else { return nil }
        default: return nil
        }
        guard let place = RedirectTarget(location, from: origin, target: requestTarget) else {
            return nil
        }
        var next = self
        next.origin = place.origin
        next.head = redirectedHead(to: place)
        return next
    }

    /// Between the first and the second space of the head.
    private var requestTarget: String {
        let rest = head.drop { $0 != 0x20 }.dropFirst()
        return String(decoding: rest.prefix { $0 > 0x20 }, as: UTF8.self)
    }

    /// `Authorization`, cookies and the tokens of AWS's services stay with the origin (scheme, host and
    /// port) that they were given for (Fetch standard, "HTTP-redirect fetch").
    private func redirectedHead(to place: RedirectTarget) -> [UInt8] {
        let keepsCredentials = place.origin == origin
        var next: [UInt8] = []
        next.reserveCapacity(head.count + place.target.utf8.count)
        next += head.prefix { $0 != 0x20 }
        next += " \(place.target) HTTP/1.1\r\nHost: \(place.origin.authority)\r\n".utf8
        head.withUnsafeBytes { head in
            var start = (head.offset(of: 0x0A) ?? head.count - 1) + 1
            while start < head.count {
                let end = (head.offset(of: 0x0A, from: start) ?? head.count - 1) + 1
                let line = head.slice(start..<end)
                let name = line.slice(0..<(line.offset(of: 0x3A) ?? 0))
                let isDropped =
                    isSameToken(name, "host")
                    || !keepsCredentials && Self.isCredential(name)
                if !isDropped { next += line }
                start = end
            }
        }
        return next
    }

    private static func isCredential(_ name: UnsafeRawBufferPointer) -> Bool {
        isSameToken(name, "authorization") || isSameToken(name, "cookie")
            || isSameToken(name, "proxy-authorization")
            || isSameToken(name, "x-amz-security-token")
            || isSameToken(name, "x-aws-ec2-metadata-token")
            || isSameToken(name, "x-amz-sso_bearer_token")
    }
}
