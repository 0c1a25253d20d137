import Presign

/// Where two runs were not told to do the same.
struct PlanDifference: Equatable {
    let key: String
    let base: String
    let candidate: String

    var text: String { "\(key): \(base) in the base, \(candidate) in the candidate" }

    /// What may differ: the seed only decides between equal samples, rounds are paired as far as
    /// they go, and an objective changes nothing that is measured.
    private static let free: Set<String> = ["seed", "rounds", "slo", "objectives"]

    static func all(_ base: RecordedRecord, _ candidate: RecordedRecord) -> [PlanDifference] {
        let (first, second) = (members(base.plan), members(candidate.plan))
        return Set(first.keys).union(second.keys).subtracting(free).sorted().compactMap { key in
            let (left, right) = (first[key] ?? "absent", second[key] ?? "absent")
            guard left != right else { return nil }
            return PlanDifference(key: key, base: left, candidate: right)
        }
    }

    private static func members(_ plan: JSONValue) -> [String: String] {
        Dictionary((plan.object ?? []).map { ($0.name, text($0.value)) }) { first, _ in first }
    }

    /// The value on one line, with members in the order of their names.
    static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: return "none"
        case .bool(let isTrue): return isTrue ? "true" : "false"
        case .number(let digits):
            guard let number = Double(digits) else { return digits }
            return Int64(exactly: number).map(String.init) ?? "\(number)"
        case .string(let text): return text
        case .array(let elements): return elements.map(text).joined(separator: ",")
        case .object(let members):
            let parts = members.sorted { $0.name < $1.name }.map { "\($0.name)=\(text($0.value))" }
            return "{\(parts.joined(separator: ","))}"
        }
    }
}

/// What a reader of the comparison must know though the plans are equal.
enum ComparisonCaveats {
    static func all(
        _ base: RecordedRun, _ candidate: RecordedRun, _ pairs: PairedRounds
    ) throws(RecordedError) -> [String] {
        var caveats: [String] = []
        for (name, run) in [("base", base), ("candidate", candidate)] where !run.record.isComplete {
            caveats.append("the \(name) is partial: only its finished rounds are compared")
            caveats += try run.cutOffCells().map { "in the \(name) \($0)" }
        }
        if !areInterleaved(base, candidate) {
            caveats.append(
                "the runs were not interleaved: a machine that changed between them looks like a"
                    + " change of the target; 'run --against' takes turns")
        }
        for member in ["machine", "emulated"] {
            let (left, right) = (base.record.json[member], candidate.record.json[member])
            caveats += differences(member, left ?? .null, right ?? .null)
        }
        caveats += pairs.unpaired.map { "not compared: \($0)" }
        let (most, paired) = pairs.roundCounts
        if most > paired { caveats.append("\(paired) of \(most) rounds are in both runs") }
        for (name, run) in [("base", base), ("candidate", candidate)] {
            let limited = Set(run.cells.filter(\.isGeneratorLimited).map(\.key.title)).sorted()
            guard let first = limited.first else { continue }
            let rest = limited.count > 1 ? " and \(limited.count - 1) more" : ""
            caveats.append(
                "generator-limited in the \(name): \(first)\(rest): what was measured there is this"
                    + " program, not the target")
        }
        return caveats
    }

    /// Were the two made by one `run --against`?
    static func areInterleaved(_ base: RecordedRun, _ candidate: RecordedRun) -> Bool {
        guard let session = base.record.interleaved?.session else { return false }
        return session == candidate.record.interleaved?.session
    }

    private static func differences(
        _ member: String, _ base: JSONValue, _ candidate: JSONValue
    ) -> [String] {
        let (left, right) = (flat(base), flat(candidate))
        let keys = Set(left.keys).union(right.keys).sorted().filter { left[$0] != right[$0] }
        guard !keys.isEmpty else { return [] }
        let shown = keys.prefix(4).map {
            "\($0.isEmpty ? member : $0) \(left[$0] ?? "none") and \(right[$0] ?? "none")"
        }
        let rest = keys.count > 4 ? ", and \(keys.count - 4) more" : ""
        let name = member == "machine" ? "machines" : "emulated services"
        return ["the \(name) differ: \(shown.joined(separator: ", "))\(rest)"]
    }

    private static func flat(_ value: JSONValue, _ path: String = "") -> [String: String] {
        guard let members = value.object else { return [path: PlanDifference.text(value)] }
        return members.reduce(into: [:]) { all, member in
            let name = path.isEmpty ? member.name : "\(path).\(member.name)"
            all.merge(flat(member.value, name)) { first, _ in first }
        }
    }
}

extension PairedRounds {
    /// The most rounds that a subject has in either run, and the fewest that it has in both.
    var roundCounts: (most: Int, paired: Int) {
        let most = subjects.flatMap { [$0.base.count, $0.candidate.count] }.max() ?? 0
        return (most, subjects.map(\.common.count).min() ?? 0)
    }
}
