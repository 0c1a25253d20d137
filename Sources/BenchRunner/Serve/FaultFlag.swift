import Testbed

/// `--fault 'store:503=1%,reset=0.1%,stall=2s@0.5%,slow-read;gateway:500=2%'`: what goes wrong at which
/// role. A role stands for all that follows, up to the next; without a share a fault strikes every
/// request.
struct FaultFlag {
    private let source: String
    private var role: FaultRole?
    private var faults: [FaultRole: [Fault]] = [:]

    static let flag = Flag(
        name: "fault", valueName: "ROLE:FAULT=SHARE,..",
        help: "as 'store:503=1%,reset=0.1%,stall=2s@0.5%;gateway:500' (docs/faults.md)")

    static func values(_ settings: Settings) throws(CommandError) -> [FaultRole: [Fault]] {
        guard let (text, source) = settings.value("fault") else { return [:] }
        return try parse(text, source)
    }

    static func parse(_ text: String, _ source: String) throws(CommandError) -> [FaultRole: [Fault]]
    {
        var flag = FaultFlag(source: source)
        for item in text.split(
            omittingEmptySubsequences: false, whereSeparator: { ",;".contains($0) })
        {
            try flag.add(item.trimmingPrefix { $0 == " " })
        }
        return flag.faults
    }

    private init(source: String) { self.source = source }

    private mutating func add(_ item: Substring) throws(CommandError) {
        var item = item
        if let colon = item.firstIndex(of: ":") {
            let name = try Quantities.choice(
                String(item[..<colon]), source, of: FaultRole.allCases.map(\.rawValue))
            role = FaultRole(rawValue: name)
            item = item[item.index(after: colon)...]
        }
        guard let role else {
            throw .usage(
                "\(source): '\(item)' needs a role before it; write store:\(item) (or gateway:, edge:,"
                    + " accelerate:)")
        }
        let fault = try FaultItem(item, of: role, source).fault()
        guard !faults[role, default: []].contains(where: { $0.name == fault.name }) else {
            throw .usage("\(source) names \(fault.name) of \(role.rawValue) twice")
        }
        faults[role, default: []].append(fault)
    }
}

/// One fault as it is written: `NAME`, `NAME=SHARE`, `NAME=VALUE`, `NAME=VALUE@SHARE` or `NAME@SHARE`.
private struct FaultItem {
    private let name: String
    private var value: String?
    private var share: String?
    private let role: FaultRole
    private let source: String

    private static let slowBytesPerSecond: Int64 = 64 << 10

    init(_ item: Substring, of role: FaultRole, _ source: String) {
        self.role = role
        self.source = source
        let parts = item.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        share = parts.count > 1 ? String(parts[1]) : nil
        let halves = parts[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        name = String(halves[0])
        value = halves.count > 1 ? String(halves[1]) : nil
        if share == nil, value?.hasSuffix("%") == true { (share, value) = (value, nil) }
    }

    func fault() throws(CommandError) -> Fault {
        let kind = try kind()
        guard let share else { return Fault(kind) }
        guard share.hasSuffix("%"), let percent = Double(share.dropLast()),
            (0...100).contains(percent)
        else { throw .usage("\(source): '\(share)' is not a share; write \(name)…1% or 0.1%") }
        return Fault(kind, share: percent / 100)
    }

    private func kind() throws(CommandError) -> Fault.Kind {
        if let status = Int(name) { return try bare(.status(try known(status))) }
        let names = role.statuses.map(String.init) + Fault.names
        switch try Quantities.choice(name, source, of: names) {
        case "stall": return .stall(ns: try time())
        case "stall-answer": return .stallAnswer(ns: try time())
        case "slow-read": return .slowRead(bytesPerSecond: try rate())
        case "reset": return try bare(.reset)
        case "reset-answer": return try bare(.resetAnswer)
        case "truncate": return try bare(.truncate)
        case "corrupt-etag":
            guard role.namesETags else {
                throw .usage(
                    "\(source): answers of \(role.rawValue) have no ETag; corrupt-etag goes with store"
                        + " or accelerate")
            }
            return try bare(.corruptETag)
        default: return try bare(.closeAfterHeaders)
        }
    }

    private func known(_ status: Int) throws(CommandError) -> Int {
        guard role.statuses.contains(status) else {
            let list = role.statuses.map(String.init).joined(separator: ", ")
            throw .usage("\(source): \(role.rawValue) does not answer \(status); it has \(list)")
        }
        return status
    }

    private func bare(_ kind: Fault.Kind) throws(CommandError) -> Fault.Kind {
        guard let value else { return kind }
        throw .usage("\(source): '\(value)' of \(name) is not a share; write \(name)=1%")
    }

    private func time() throws(CommandError) -> Int64 {
        guard let value else {
            throw .usage("\(source): \(name) needs a time; write \(name)=2s or \(name)=2s@0.5%")
        }
        let nanoseconds = try Quantities.duration(value, "\(source): \(name)").wholeNanoseconds
        guard nanoseconds > 0 else { throw .usage("\(source): \(name) must be longer than 0") }
        return nanoseconds
    }

    /// `64KiB/s` or `64KiB`.
    private func rate() throws(CommandError) -> Int64 {
        guard let value else { return Self.slowBytesPerSecond }
        let amount = value.hasSuffix("/s") ? String(value.dropLast(2)) : value
        let bytes = try Quantities.bytes(amount, "\(source): \(name)")
        guard bytes > 0 else { throw .usage("\(source): \(name) must be more than 0 bytes/s") }
        return bytes
    }
}
