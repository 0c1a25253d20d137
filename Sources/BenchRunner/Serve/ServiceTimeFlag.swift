import Testbed

/// `--service-time store=exp:10ms/1,gateway=15ms`: per role a mean, how it varies, and the number of
/// servers that share one line.
enum ServiceTimeFlag {
    static let roles = ["store", "gateway", "edge"]
    private static let serverLimit = 100_000

    static func values(_ settings: Settings) throws(CommandError) -> [String: ServiceTime] {
        guard let (text, source) = settings.value("service-time") else { return [:] }
        var times: [String: ServiceTime] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard halves.count == 2 else {
                throw .usage(
                    "\(source): '\(part)' is not ROLE=TIME; write gateway=15ms or store=exp:10ms/1")
            }
            let role = try Quantities.choice(halves[0], source, of: roles)
            guard times[role] == nil else { throw .usage("\(source) names \(role) twice") }
            times[role] = try value(halves[1], source)
        }
        return times
    }

    /// `10ms`, `10ms/1`, `exp:10ms`, `exp:10ms/4`.
    private static func value(
        _ text: String, _ source: String
    ) throws(CommandError) -> ServiceTime {
        let isExponential = text.hasPrefix("exp:")
        let rest = isExponential ? String(text.dropFirst(4)) : text
        let halves = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard halves.count <= 2 else {
            throw .usage("\(source): '\(text)' is not TIME/SERVERS; write 10ms/1 or exp:10ms/4")
        }
        var service = ServiceTime(
            isExponential ? .exponential : .deterministic,
            meanNs: try Quantities.duration(halves[0], source).wholeNanoseconds)
        if halves.count == 2 {
            service.servers = try Quantities.count(halves[1], source, in: 1...serverLimit)
        }
        return service
    }
}
