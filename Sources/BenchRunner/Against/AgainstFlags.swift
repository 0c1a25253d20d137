/// The flags of `run` that make it a comparison of two sides in one run.
enum AgainstFlags {
    static let all = [
        Flag(
            name: "against", valueName: "BINARY",
            help: "take turns with another build of uploadbench, and compare"),
        Flag(
            name: "against-target", valueName: "URL",
            help: "take turns with another target, and compare"),
        Flag(
            name: "against-gateway", valueName: "URL",
            help: "the API of that other target (default: --gateway)"),
        Flag(
            name: "against-bucket", valueName: "NAME",
            help: "the bucket at that other target (default: --bucket)"),
    ]

    /// What this process decides for both sides, or does itself with their results.
    static let own: Set<String> = Set(all.map(\.name)).union([
        "rounds", "seed", "out", "format", "quiet", "no-color", "plan", "slo", "junit", "markdown",
        "github", "jtl", "vegeta", "k6",
    ])

    /// The rounds after which the sides are compared, as far as `rounds` goes.
    static func looks(rounds: Int) -> [Int] {
        [10, 20, 30].filter { $0 < rounds } + [rounds]
    }

    static let defaultRounds = 30
}

/// The flags of `run` that turn its figures into a verdict, or hand them to other tools.
enum VerdictFlags {
    static let all =
        [
            Flag(
                name: "slo", valueName: "OBJECTIVE",
                help: "exit 3 unless it holds: 'presigned-put p99 < 400ms', 'errors < 0.1%'",
                isRepeatable: true),
            Flag(
                name: "junit", valueName: "FILE", help: "write objectives or verdicts as JUnit XML"),
            Flag(name: "markdown", valueName: "FILE", help: "write the table as Markdown too"),
            Flag(
                name: "github",
                help: "print GitHub annotations, and add Markdown to its step summary"),
        ] + ExportPaths.flags
}
