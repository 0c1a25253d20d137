import Foundation

/// What a run was told, by where it came from, so that the same plan follows from it again. No secret
/// is in it: keys and tokens never are settings, and of URLs the user, password and query are left out.
struct GivenSettings {
    /// `--size=1MiB`.
    var flags: [String] = []
    /// `UPLOADBENCH_SIZE` and the like.
    var environment: [String: String] = [:]
    var plan: [String: String] = [:]
    /// Flags whose URL is not whole here: they have to be given again.
    var hidden: [String] = []

    init(_ settings: Settings, for command: Command) {
        for flag in command.flags where !Self.unrecorded.contains(flag.name) {
            let layers = settings.layers(flag)
            flags += layers.flags.map { text in
                flag.valueName == nil ? "--\(flag.name)" : "--\(flag.name)=" + hide(text, flag)
            }
            if let text = layers.environment {
                environment[Settings.variable(flag.name)] = hide(text, flag)
            }
            if let text = layers.plan { plan[flag.name] = hide(text, flag) }
        }
    }

    /// The folder is where the record stands, and the plan file's content stands in `plan`. What is written
    /// elsewhere, and the leave to load a host, are of one command line: a record could be another's.
    private static let unrecorded = [
        "resume", "out", "plan", "junit", "markdown", "github", "jtl", "vegeta", "k6", "yes-load",
    ]

    private mutating func hide(_ text: String, _ flag: Flag) -> String {
        guard let url = URLComponents(string: text), url.scheme != nil,
            url.user != nil || url.password != nil || url.query != nil
        else { return text }
        if !hidden.contains(flag.name) { hidden.append(flag.name) }
        return RunRecord.withoutSecrets(text)
    }

    // MARK: In run.json

    var object: [String: Any] {
        ["flags": flags, "environment": environment, "plan": plan, "give_again": hidden]
    }

    /// nil where the record has no such thing.
    init?(_ object: Any?) {
        guard let object = object as? [String: Any], let flags = object["flags"] as? [String],
            let environment = object["environment"] as? [String: String],
            let plan = object["plan"] as? [String: String],
            let hidden = object["give_again"] as? [String]
        else { return nil }
        (self.flags, self.environment, self.plan, self.hidden) = (flags, environment, plan, hidden)
    }

    // MARK: Again

    /// The settings of a run that goes on.
    ///
    /// - Parameters:
    ///   - now: the words of the resuming command line, which win over the recorded ones.
    ///   - changeable: names of flags that may be given now, also by the environment.
    func settings(
        with now: [String], environment present: [String: String], changeable: Set<String>,
        for command: Command
    ) throws(CommandError) -> Settings {
        let names = Set(now.map(Self.name))
        let own = flags.filter { !Self.unrecorded.contains(Self.name($0)) }
        let words = own.filter { !names.contains(Self.name($0)) } + now
        var variables = present
        for flag in command.flags {
            let variable = Settings.variable(flag.name)
            let isNew = changeable.contains(flag.name) && present[variable] != nil
            let isRecorded = !Self.unrecorded.contains(flag.name)
            if !isNew { variables[variable] = isRecorded ? environment[variable] : nil }
        }
        return Settings(
            try Arguments(words, for: command), environment: variables,
            recordedPlan: plan.filter { !Self.unrecorded.contains($0.key) })
    }

    private static func name(_ word: String) -> String {
        String(word.drop { $0 == "-" }.prefix { $0 != "=" })
    }
}
