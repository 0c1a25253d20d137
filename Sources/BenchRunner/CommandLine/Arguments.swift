/// A command's words, split into known flags and operands.
struct Arguments {
    let command: String
    private(set) var operands: [String] = []
    private var values: [String: [String]] = [:]
    private var switches: Set<String> = []

    /// - Throws: a usage error that names the nearest valid flag.
    init(_ words: [String], for command: Command) throws(CommandError) {
        self.command = command.name
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                operands += rest
                break
            }
            if word.hasPrefix("-"), word != "-" {
                try take(word, &rest, command)
            } else {
                operands.append(word)
            }
        }
        try checkOperandCount(command)
    }

    /// Is the switch, or any value of the flag, given?
    func has(_ name: String) -> Bool { switches.contains(name) || values[name] != nil }

    /// All flags again, as `--name=value`, in the order of their names.
    var words: [String] {
        let given = values.flatMap { name, texts in texts.map { "--\(name)=\($0)" } }
        return (given + switches.map { "--" + $0 }).sorted()
    }

    /// The last value given for the flag.
    func value(_ name: String) -> String? { values[name]?.last }

    /// All values given for a repeatable flag, in order.
    func all(_ name: String) -> [String] { values[name] ?? [] }

    private mutating func take(
        _ word: String, _ rest: inout ArraySlice<String>, _ command: Command
    ) throws(CommandError) {
        var (name, attached) = Self.split(word)
        guard let flag = Self.find(&name, &attached, word, command) else {
            throw Self.unknown(word, command)
        }
        guard flag.valueName != nil else {
            if attached != nil {
                throw .usage("--\(flag.name) takes no value")
            }
            switches.insert(flag.name)
            return
        }
        guard let value = attached ?? rest.popFirst() else {
            throw .usage("--\(flag.name) needs a value: --\(flag.name) \(flag.valueName ?? "")")
        }
        if !flag.isRepeatable, values[flag.name] != nil {
            throw .usage("--\(flag.name) is given twice")
        }
        values[flag.name, default: []].append(value)
    }

    /// `--name=value` into its halves; a word without `=` has no attached value.
    private static func split(_ word: String) -> (name: String, attached: String?) {
        guard word.hasPrefix("--"), let equals = word.firstIndex(of: "=") else {
            return (word, nil)
        }
        return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }

    /// The flag a word names: `--name`, `-n`, or `-nVALUE`.
    private static func find(
        _ name: inout String, _ attached: inout String?, _ word: String, _ command: Command
    ) -> Flag? {
        if name.hasPrefix("--") {
            return command.flags.first { "--" + $0.name == name }
        }
        let letters = word.dropFirst()
        guard let letter = letters.first,
            let flag = command.flags.first(where: { $0.short == letter })
        else { return nil }
        if letters.count > 1 {
            attached = String(letters.dropFirst())
        }
        return flag
    }

    private static func unknown(_ word: String, _ command: Command) -> CommandError {
        let name = split(word).name
        let known = command.flags.map { "--" + $0.name }
        let nearest = nearest(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
        return .usage(
            "unknown flag \(name)\(nearest) (see 'uploadbench help \(command.name)')")
    }

    private func checkOperandCount(_ command: Command) throws(CommandError) {
        if operands.count > command.operands.upperBound {
            let extra = operands[command.operands.upperBound]
            throw .usage(
                "unexpected '\(extra)' (see 'uploadbench help \(command.name)')")
        }
        if operands.count < command.operands.lowerBound {
            throw .usage(
                "too few words; usage: uploadbench \(command.usage.first ?? command.name)")
        }
    }
}

/// The candidate with the smallest edit distance to `word`, if any is near enough to be meant.
func nearest(to word: String, among candidates: [String]) -> String? {
    // Nobody mistypes a page of text.
    guard word.utf8.count <= 200 else { return nil }
    let ranked = candidates.map { (candidate: $0, distance: editDistance(word, $0)) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(2, word.count / 3) ? best.candidate : nil
}

/// Levenshtein's distance, by rows.
func editDistance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var row = Array(0...b.count)
    for i in 0..<a.count {
        var diagonal = row[0]
        row[0] = i + 1
        for j in 0..<b.count {
            let substituted = diagonal + (a[i] == b[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[b.count]
}
