import Foundation

/// Where a setting's value comes from: flag, then environment, then plan file.
struct Settings {
    private let arguments: Arguments
    private let environment: [String: String]
    private let plan: [String: String]

    /// - Throws: a usage error for a plan that is no JSON object of known keys.
    init(
        _ arguments: Arguments, for command: Command,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CommandError) {
        let variable = environment[Self.variable("plan")].flatMap { $0.isEmpty ? nil : $0 }
        let takesPlan = command.flags.contains { $0.name == "plan" }
        UnknownVariables.warn(environment)
        try self.init(
            arguments, for: command, environment: environment,
            planPath: arguments.value("plan") ?? (takesPlan ? variable : nil))
    }

    /// - Parameter planPath: the plan file; nil for none.
    init(
        _ arguments: Arguments, for command: Command,
        environment: [String: String] = ProcessInfo.processInfo.environment, planPath path: String?
    ) throws(CommandError) {
        self.arguments = arguments
        self.environment = environment
        plan =
            try path.map { path throws(CommandError) in
                try PlanFile.read(
                    path,
                    keys: command.flags.map(\.name).filter { !["plan", "resume"].contains($0) })
            } ?? [:]
    }

    /// - Parameter recordedPlan: stands where a plan file's content would.
    init(_ arguments: Arguments, environment: [String: String], recordedPlan: [String: String]) {
        (self.arguments, self.environment, plan) = (arguments, environment, recordedPlan)
    }

    static func variable(_ name: String) -> String {
        "UPLOADBENCH_" + name.uppercased().replacingOccurrences(of: "-", with: "_")
    }

    /// What each source says of a flag; a switch's text as a flag is empty.
    func layers(_ flag: Flag) -> (flags: [String], environment: String?, plan: String?) {
        let isSwitch = flag.valueName == nil
        let flags = isSwitch ? (arguments.has(flag.name) ? [""] : []) : arguments.all(flag.name)
        let variable = environment[Self.variable(flag.name)]
        return (flags, (variable ?? "").isEmpty ? nil : variable, plan[flag.name])
    }

    /// The value of `--name`, `UPLOADBENCH_NAME` or the plan's `name`, and how to call it in an error.
    func value(_ name: String) -> (text: String, source: String)? {
        if let text = arguments.value(name) { return (text, "--\(name)") }
        let variable = Self.variable(name)
        if let text = environment[variable], !text.isEmpty { return (text, variable) }
        return plan[name].map { ($0, "plan key \(name)") }
    }

    /// The whole environment, for settings that are not this program's own.
    var variables: [String: String] { environment }

    func text(_ name: String) -> String? { value(name)?.text }

    /// A file's or folder's name: an empty one is a variable of a script that was not set.
    func path(_ name: String) throws(CommandError) -> String? {
        guard let (text, source) = value(name) else { return nil }
        guard !text.isEmpty else { throw .usage("\(source): the name is empty") }
        return text
    }

    /// Every value of a repeatable flag; from the environment or the plan those between commas.
    func all(_ name: String) -> [(text: String, source: String)] {
        let given = arguments.all(name)
        if !given.isEmpty { return given.map { ($0, "--\(name)") } }
        guard let (text, source) = value(name) else { return [] }
        return text.split(separator: ",").map {
            ($0.trimmingCharacters(in: .whitespaces), source)
        }
    }

    /// A switch: given as a flag, or `1`, `true`, `0` or `false` elsewhere.
    func isOn(_ name: String) throws(CommandError) -> Bool {
        if arguments.has(name) { return true }
        guard let (text, source) = value(name) else { return false }
        switch text.lowercased() {
        case "1", "true": return true
        case "0", "false": return false
        default: throw .usage("\(source): '\(text)' is neither true nor false")
        }
    }

    /// How strong the source of a setting is: a flag is more than the environment, that more than
    /// the plan; 0 for one that is given nowhere.
    func rank(_ name: String) -> Int {
        guard let (_, source) = value(name) else { return 0 }
        return source.hasPrefix("--") ? 3 : source.hasPrefix("UPLOADBENCH_") ? 2 : 1
    }

    /// One of the words that an enumeration knows.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, default fallback: Choice
    ) throws(CommandError) -> Choice where Choice.RawValue == String {
        guard let (text, source) = value(name) else { return fallback }
        let word = try Quantities.choice(text, source, of: Choice.allCases.map(\.rawValue))
        return Choice(rawValue: word) ?? fallback
    }

    /// The value read by `parse`, or the default when it is given nowhere.
    func parsed<Value>(
        _ name: String, default fallback: Value,
        _ parse: (String, String) throws(CommandError) -> Value
    ) throws(CommandError) -> Value {
        guard let (text, source) = value(name) else { return fallback }
        return try parse(text, source)
    }

    /// Comma-separated words, each read by `parse`.
    func list<Value>(
        _ name: String, default fallback: [Value],
        _ parse: (String, String) throws(CommandError) -> Value
    ) throws(CommandError) -> [Value] {
        guard let (text, source) = value(name) else { return fallback }
        var values: [Value] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            values.append(try parse(word.trimmingCharacters(in: .whitespaces), source))
        }
        return values
    }
}
