extension Objective {
    /// Reads `[STRATEGY] [SIZE] [PHASE] QUANTITY RELATION LIMIT`.
    ///
    /// - Parameter source: how to call the text's place in an error, as `--slo`.
    /// - Throws: a usage error that says what to write.
    init(_ text: String, _ source: String) throws(CommandError) {
        guard let relation = Self.relation(in: text) else {
            throw .usage("\(source): '\(text)' has none of <, <=, >, >=; \(Self.example)")
        }
        let halves = text.split(separator: relation.rawValue, maxSplits: 1)
        let left = halves.count == 2 ? halves[0].split(separator: " ").map(String.init) : []
        let right = halves.count == 2 ? halves[1].filter { $0 != " " } : ""
        guard let last = left.last, !right.isEmpty else {
            throw .usage("\(source): '\(text)' needs a quantity and a limit; \(Self.example)")
        }
        var words = left.dropLast()
        scenario = try Self.takeScenario(&words, source)
        sizeBytes = try Self.takeSize(&words, source)
        let phase = try Self.takePhase(&words, source)
        if let extra = words.first {
            throw .usage("\(source): '\(extra)' in '\(text)' is one word too many; \(Self.example)")
        }
        quantity = try Self.quantity(last, of: phase, source)
        limit = try quantity.limit(right, source)
        self.relation = relation
        self.text = (left + [relation.rawValue, right]).joined(separator: " ")
        if relation.isUpper != quantity.isBetterWhenLow {
            let hint = quantity.isBetterWhenLow ? "<" : ">"
            throw .usage("\(source): '\(text)' asks for the worse; write \(last) \(hint) \(right)")
        }
    }

    private static let example =
        "write for instance 'presigned-put p99 < 400ms', 'errors < 0.1%' or 'goodput > 20MiB/s'"

    private static func relation(in text: String) -> Relation? {
        Relation.allCases.first { text.contains($0.rawValue) }
    }

    private static func takeScenario(
        _ words: inout ArraySlice<String>, _ source: String
    ) throws(CommandError) -> Strategy? {
        guard let word = words.first, let first = word.first, first.isLetter,
            !phases.contains(word)
        else { return nil }
        words = words.dropFirst()
        return Strategy(
            rawValue: try Quantities.choice(word, source, of: Strategy.names))
    }

    private static func takeSize(
        _ words: inout ArraySlice<String>, _ source: String
    ) throws(CommandError) -> Int64? {
        guard let word = words.first, word.first?.isNumber == true else { return nil }
        words = words.dropFirst()
        return try Quantities.bytes(word, source)
    }

    /// How long failures take is no objective: there had better be none.
    private static let phases = Metric.allCases.filter { $0 != .failed }.map(\.rawValue)

    private static func takePhase(
        _ words: inout ArraySlice<String>, _ source: String
    ) throws(CommandError) -> Metric? {
        guard let word = words.first else { return nil }
        words = words.dropFirst()
        return Metric(rawValue: try Quantities.choice(word, source, of: phases))
    }

    private static func quantity(
        _ word: String, of phase: Metric?, _ source: String
    ) throws(CommandError) -> Quantity {
        let metric = phase ?? .response
        let counted: [String: Quantity] = [
            "errors": .errorShare, "goodput": .goodput, "rate": .rate,
        ]
        if let quantity = counted[word] {
            guard phase == nil else {
                throw .usage("\(source): '\(word)' is of whole uploads; leave '\(metric.rawValue)'")
            }
            return quantity
        }
        switch word {
        case "mean": return .mean(metric)
        case "max": return .maximum(metric)
        case "p999": return .percentile(metric, 99.9)
        default: break
        }
        if word.first == "p", let percentile = Double(word.dropFirst()), percentile > 0,
            percentile < 100
        {
            return .percentile(metric, percentile)
        }
        let known = ["p50", "p90", "p95", "p99", "p99.9", "mean", "max"] + counted.keys.sorted()
        _ = try Quantities.choice(word, source, of: known)
        throw .usage("\(source): '\(word)' is no quantity; \(example)")
    }
}

extension Objective.Relation {
    var isUpper: Bool { self == .below || self == .atMost }
}

extension Objective.Quantity {
    fileprivate var isBetterWhenLow: Bool { self != .goodput && self != .rate }

    fileprivate func limit(_ text: String, _ source: String) throws(CommandError) -> Double {
        switch self {
        case .percentile, .mean, .maximum:
            guard text.last?.isLetter == true else {
                throw .usage("\(source): '\(text)' has no unit; write \(text)ms or \(text)s")
            }
            return try Quantities.duration(text, source).inSeconds * 1e6
        case .errorShare:
            guard text.last == "%" || text == "0", let percent = Double(text.filter { $0 != "%" }),
                (0...100).contains(percent)
            else {
                throw .usage("\(source): '\(text)' is no share of errors; write 0.1%")
            }
            return percent / 100
        case .goodput:
            guard text.hasSuffix("/s") else {
                throw .usage("\(source): '\(text)' is no rate of bytes; write 20MiB/s")
            }
            return Double(try Quantities.bytes(String(text.dropLast(2)), source))
        case .rate:
            guard text.hasSuffix("/s"), let rate = Double(text.dropLast(2)), rate >= 0,
                rate.isFinite
            else {
                throw .usage("\(source): '\(text)' is no rate of uploads; write 50/s")
            }
            return rate
        }
    }
}
