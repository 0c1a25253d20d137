/// What the Fetch standard lets a page send to another origin without asking.
enum CORSFields {
    /// Set by the browser itself, or not to be set at all (Fetch, "forbidden request-header").
    private static let own: Set = [
        "host", "content-length", "origin", "expect", "connection", "accept-encoding", "cookie",
    ]
    private static let longestValue = 128
    private static let mostBytes = 1024

    /// The names that the other side has to allow, in lower case, sorted, each once (Fetch, "CORS-unsafe
    /// request-header names").
    static func unsafeNames(_ fields: [(name: String, value: String)]) -> [String] {
        var unsafe: Set<String> = []
        var safe: Set<String> = []
        var safeBytes = 0
        for field in fields {
            let name = field.name.lowercased()
            if own.contains(name) { continue }
            if isSafelisted(name, field.value) {
                safe.insert(name)
                safeBytes += field.value.utf8.count
            } else {
                unsafe.insert(name)
            }
        }
        if safeBytes > mostBytes { unsafe.formUnion(safe) }
        return unsafe.sorted()
    }

    /// Fetch, "CORS-safelisted request-header".
    private static func isSafelisted(_ name: String, _ value: String) -> Bool {
        guard value.utf8.count <= longestValue else { return false }
        switch name {
        case "accept": return !value.utf8.contains(where: isUnsafe)
        case "accept-language", "content-language":
            return value.utf8.allSatisfy(isLanguageByte)
        case "content-type": return !value.utf8.contains(where: isUnsafe) && isFormType(value)
        case "range": return isSimpleRange(value)
        default: return false
        }
    }

    /// Those that a form of HTML could send.
    private static func isFormType(_ value: String) -> Bool {
        let essence = value.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        return [
            "application/x-www-form-urlencoded", "multipart/form-data", "text/plain",
        ].contains(essence)
    }

    /// One range with a start: `bytes=0-` or `bytes=0-9`.
    private static func isSimpleRange(_ value: String) -> Bool {
        guard value.hasPrefix("bytes=") else { return false }
        let ends = value.dropFirst("bytes=".count).split(
            separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let start = UInt64(ends[0]) else { return false }
        return ends[1].isEmpty || (UInt64(ends[1]) ?? 0) >= start
    }

    /// Fetch, "CORS-unsafe request-header byte".
    private static func isUnsafe(_ byte: UInt8) -> Bool {
        (byte < 0x20 && byte != 0x09) || byte == 0x7F
            || "\"():<>?@[\\]{}".utf8.contains(byte)
    }

    private static func isLanguageByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || " *,-.;=".utf8.contains(byte)
    }
}
