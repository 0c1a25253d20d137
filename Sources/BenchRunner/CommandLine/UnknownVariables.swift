/// Variables that look like a setting and are none: a misspelt one would change nothing, without a word.
enum UnknownVariables {
    private static let prefix = Settings.variable("")
    /// Read, but no flags.
    private static let others: Set<String> = [
        "UPLOADBENCH_TOKEN",
        // Of the Lambda function.
        "UPLOADBENCH_USER", "UPLOADBENCH_TOKEN_SHA256", "UPLOADBENCH_ALLOWED_ORIGIN",
        "UPLOADBENCH_ACCELERATION",
        // Of the builds.
        "UPLOADBENCH_FUZZ", "UPLOADBENCH_FUZZ_TARGET",
    ]

    static func warn(_ environment: [String: String]) {
        for name in names(in: environment) {
            let known = Self.known.sorted()
            let hint = nearest(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
            Terminal.writeError("uploadbench: \(name) is no setting and changes nothing\(hint)")
        }
    }

    static func names(in environment: [String: String]) -> [String] {
        environment.keys.filter { $0.hasPrefix(prefix) && !known.contains($0) }.sorted()
    }

    /// A flag of any command: one environment may serve several. What says which run to go on with is of
    /// one call only.
    private static let known: Set<String> = {
        let names = commands.flatMap(\.flags).map(\.name).filter { $0 != "resume" }
        return Set(names.map(Settings.variable)).union(others)
    }()
}
