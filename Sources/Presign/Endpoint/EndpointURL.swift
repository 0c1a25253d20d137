/// A custom endpoint's URL, taken apart.
struct EndpointURL {
    let scheme: String
    /// Host as signed: the default port dropped.
    let authority: String
    /// `""` or a path without a slash at its end.
    let path: String
    /// A name cannot be put before an IP address.
    let isAddress: Bool

    init(_ url: String) throws(EndpointError) {
        let invalid = EndpointError.urlInvalid(Self.withoutSecrets(url))
        guard let colon = url.firstRange(of: "://") else { throw invalid }
        let scheme = url[..<colon.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { throw invalid }
        let rest = url[colon.upperBound...]
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            !rest.contains(where: { "?#@\\\"<>".contains($0) })
        else { throw invalid }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let (name, port, isAddress) = Self.hostAndPort(rest[..<slash]) else { throw invalid }
        let defaultPort = scheme == "http" ? 80 : 443
        self.scheme = scheme
        authority = port.flatMap { $0 == defaultPort ? nil : "\(name):\($0)" } ?? name
        var path = String(rest[slash...])
        while path.hasSuffix("/") { path.removeLast() }
        self.path = path
        self.isAddress = isAddress
    }

    /// For an error that others may read: without user, password and query.
    private static func withoutSecrets(_ url: String) -> String {
        let bare = url.prefix { !"?#".contains($0) }
        guard let at = bare.lastIndex(of: "@") else { return String(bare) }
        let start = bare.firstRange(of: "://")?.upperBound ?? bare.startIndex
        return bare[..<min(start, at)] + "…" + bare[at...]
    }

    private static func hostAndPort(_ text: Substring) -> (String, Int?, Bool)? {
        let isBracketed = text.hasPrefix("[")
        let end: Substring.Index
        if isBracketed {
            guard let bracket = text.firstIndex(of: "]") else { return nil }
            end = text.index(after: bracket)
        } else {
            end = text.firstIndex(of: ":") ?? text.endIndex
        }
        let name = text[..<end].lowercased()
        var port: Int?
        if end < text.endIndex {
            guard text[end] == ":", let number = UInt16(text[text.index(after: end)...]),
                number > 0
            else { return nil }
            port = Int(number)
        }
        let isIPv6 =
            isBracketed
            && name.dropFirst().dropLast().allSatisfy {
                $0.isHexDigit || $0 == ":" || $0 == "."
            }
        let isIPv4 =
            name.split(separator: ".").count == 4
            && name.allSatisfy {
                $0.isNumber || $0 == "."
            }
        let isName = name.utf8.allSatisfy {
            PercentEncoding.isUnreserved($0) && $0 != 0x7E
        }
        guard name.count > (isBracketed ? 2 : 0), isBracketed ? isIPv6 : isName else { return nil }
        return (name, port, isIPv6 || isIPv4)
    }
}
