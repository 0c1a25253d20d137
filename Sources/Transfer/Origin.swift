/// Scheme, host and port: what connections are made to and kept for.
package struct Origin: Hashable, Sendable {
    package enum Scheme: String, Sendable {
        case http, https
        var defaultPort: Int { self == .http ? 80 : 443 }
    }

    /// One reference instead of two texts, because every request carries its origin.
    private final class Parts: Sendable {
        let scheme: Scheme
        let host: String
        let port: Int
        let authority: String

        init(scheme: Scheme, host: String, port: Int?) {
            self.scheme = scheme
            self.host = host
            self.port = port ?? scheme.defaultPort
            authority = self.port == scheme.defaultPort ? host : "\(host):\(self.port)"
        }
    }

    private let parts: Parts

    package var scheme: Scheme { parts.scheme }
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    package var host: String { parts.host }
    package var port: Int { parts.port }
    /// As the Host field has it: without the scheme's default port.
    package var authority: String { parts.authority }

    package init(scheme: Scheme, host: String, port: Int? = nil) {
        parts = Parts(scheme: scheme, host: host, port: port)
    }

    /// From a URL's beginning, such as `http://[::1]:9000`; nil if it is anything but http or
    /// https, or names a user.
    package init?(url: String) {
        guard let separator = url.firstRange(of: "://"),
            let scheme = Scheme(rawValue: url[..<separator.lowerBound].lowercased())
        else { return nil }
        let authority = url[separator.upperBound...].prefix { !"/?#".contains($0) }
        let isBracketed = authority.hasPrefix("[")
        let hostEnd: Substring.Index
        if isBracketed {
            guard let bracket = authority.firstIndex(of: "]") else { return nil }
            hostEnd = authority.index(after: bracket)
        } else {
            hostEnd = authority.firstIndex(of: ":") ?? authority.endIndex
        }
        let host = authority[..<hostEnd]
        guard !host.isEmpty, host.utf8.allSatisfy({ Self.isHostByte($0, isBracketed) }) else {
            return nil
        }
        let rest = authority[hostEnd...]
        guard !rest.isEmpty else {
            self.init(scheme: scheme, host: String(host))
            return
        }
        guard rest.hasPrefix(":"), let port = Int(rest.dropFirst()), (1...65535).contains(port)
        else { return nil }
        self.init(scheme: scheme, host: String(host), port: port)
    }

    /// Names that never leave the machine (RFC 6761 §6.3), and loopback addresses.
    package var isLoopback: Bool {
        let name = host.lowercased()
        return name == "localhost" || name.hasSuffix(".localhost") || name == "[::1]"
            || (name.hasPrefix("127.") && name.utf8.allSatisfy { $0 < 0x3A })
    }

    /// What differs most is compared first; `authority` follows from the rest.
    package static func == (left: Origin, right: Origin) -> Bool {
        left.parts === right.parts
            || left.port == right.port && left.scheme == right.scheme && left.host == right.host
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(port)
        hasher.combine(host)
    }

    private static func isHostByte(_ byte: UInt8, _ isBracketed: Bool) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        case 0x3A, 0x5B, 0x5D, 0x25: isBracketed
        default: false
        }
    }
}
