/// The flags of `run`, in the order in which its help shows them.
enum RunFlags {
    static let all =
        load + client + place + SafetyPlan.flags + ShardPlan.flags + EmulationFlags.flags + output
        + VerdictFlags.all + AgainstFlags.all

    /// Those of these names, for commands that have them too.
    static func named(_ names: String...) -> [Flag] { all.filter { names.contains($0.name) } }

    private static let load = [
        Flag(
            name: "scenarios", valueName: "A,B",
            help: "strategies: \(Strategy.names.joined(separator: ", ")) (default: all that apply)"),
        Flag(name: "size", valueName: "LIST", help: "bytes per upload (default 256KiB,4MiB)"),
        Flag(
            name: "files", valueName: "PATH",
            help: "upload real files instead, a file or a folder, each once"),
        Flag(
            name: "concurrency", short: "c", valueName: "N",
            help: "closed model: clients, each with one upload at a time (default 8)"),
        Flag(
            name: "rate", short: "r", valueName: "R",
            help: "open model: uploads that start per second, whatever became of the others"),
        Flag(
            name: "stages", valueName: "LIST",
            help: "open model: rates over time, as 0:0,30s:500,2m:500 (linear in between)"),
        Flag(
            name: "arrivals", valueName: "HOW",
            help:
                "open model: constant (default), or poisson, as of independent users"
        ),
        Flag(
            name: "max-in-flight", valueName: "N",
            help:
                "open model: what arrives beyond is overflow, not started (default 10000)"
        ),
        Flag(
            name: "duration", short: "d", valueName: "TIME",
            help: "measured time per cell (default 5s on loopback and real targets)"),
        Flag(
            name: "uploads", short: "n", valueName: "N",
            help: "measured uploads per cell, instead of a time (default on a link: one per client)"
        ),
        Flag(
            name: "warmup", valueName: "TIME",
            help: "time before measuring, per cell (default 1s; on a link and with files 0s)"),
        Flag(
            name: "rounds", valueName: "N",
            help: "how often each strategy has its turn (default 3; on a link 5; files 1)"),
        Flag(
            name: "seed", valueName: "N",
            help: "of payloads, orders of keys and cells, the link's losses and faults (default 1)"),
        Flag(
            name: "threads", valueName: "N",
            help: "worker threads (default: the cores that the target leaves over)"),
    ]

    private static let client = [
        Flag(
            name: "client", valueName: "KIND",
            help:
                "native (default); browser: with the CORS preflights a browser adds; chromium: a real one"
        ),
        Flag(
            name: "connections", valueName: "HOW",
            help: "fresh (default on a link): each upload connects anew; kept (default elsewhere)"),
        Flag(
            name: "no-expect",
            help: "send the body to the edge at once, without waiting for its redirect"),
        Flag(name: "part-size", valueName: "BYTES", help: "of multipart uploads (default 5MiB)"),
        Flag(
            name: "part-window", valueName: "N",
            help: "parts at a time (default 4; of a browser 6 at most)"),
        Flag(
            name: "idle-timeout", valueName: "TIME",
            help: "ends a request that no byte moves of for so long (default 30s)"),
        Flag(
            name: "request-timeout", valueName: "TIME",
            help: "ends a request that takes longer altogether (default 10m)"),
        Flag(name: "expires", valueName: "SECONDS", help: "life of a signature (default 300)"),
        Flag(
            name: "retry", valueName: "HOW",
            help:
                "parts (default): a multipart upload's failed part, at once; none; standard: as AWS SDKs"
        ),
        Flag(
            name: "signer", valueName: "WHO",
            help:
                "gateway (default); local: sign here, S3 requests only; none: unsigned PUTs of one key"
        ),
    ]

    static let place = [
        Flag(
            name: "target", valueName: "URL",
            help: "an S3 endpoint, 'aws' (of --region), or 'embedded' (default)"),
        Flag(name: "bucket", valueName: "NAME", help: "the bucket at the target"),
        Flag(
            name: "region", valueName: "NAME", help: "its region (default: AWS_REGION, us-east-1)"),
        Flag(
            name: "profile", valueName: "NAME",
            help: "of the shared AWS config files; keys in the environment then do not count"),
        Flag(
            name: "gateway", valueName: "URL", help: "the API that signs and reviews, with --target"
        ),
        Flag(name: "edge", valueName: "URL", help: "the redirecting edge, with --target"),
        Flag(
            name: "accelerate", valueName: "URL",
            help: "the Transfer Acceleration endpoint, with --target"),
        Flag(name: "cacert", valueName: "FILE", help: "PEM authorities instead of the system's"),
        Flag(name: "insecure", help: "do not verify the target's certificate"),
    ]

    static let output = [
        ResumeCommand.flag,
        Flag(name: "plan", valueName: "FILE", help: "JSON object of these flags"),
        Flag(
            name: "out", short: "o", valueName: "DIR",
            help: "results directory (default results/<time>-run)"),
        Flag(
            name: "samples", valueName: "WHICH",
            help:
                "uploads that get a row in samples.csv: all (default), errors, none, or 1/N of them"
        ),
        Flag(name: "format", valueName: "HOW", help: "table (default), json or markdown"),
        Flag(name: "quiet", short: "q", help: "no progress, only the result"),
        Flag(name: "no-color", help: "no colour, as with NO_COLOR"),
    ]
}
