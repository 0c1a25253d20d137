import Foundation
import Measure
import Presign

extension Command {
    static let sign = Command(
        name: "sign",
        summary: "measures signing throughput, writes signing.csv",
        usage: ["sign [--threads 1,2] [-d 2s] [FLAGS]"],
        details: """
            Measures the whole call, from a fresh random key to the finished URL or form, on each number of
            threads, and beside it in the same run the hash limit: the SHA-256 compressions that such a
            signature needs, run alone through libcrypto. The ratio of the two is what to compare between
            machines. The operations take turns within each row's time, so that a busy machine slows all alike.

            presigned-put and presigned-post are one call each; presign-batch is a line of JSON in and one out;
            object-key is the making of a key alone. The shares are those of a call's stages run alone:
            canonicalisation (the policy with its Base64, for a form), hashing, and the encoding of the answer;
            making the key and the call itself are the rest.

            columns of signing.csv: operation,threads,signs,wall_s,cpu_s,signs_per_s,cpu_ns_per_sign,
            hash_limit_ns,ratio_to_limit,scaling,canonicalize_share,hash_share,encode_share,round
            scaling is signs_per_s over that of one thread, if one thread was measured too.
            """,
        flags: [
            Flag(
                name: "threads", valueName: "LIST",
                help: "thread counts (default: 1 and the number of cores)"),
            Flag(
                name: "duration", short: "d", valueName: "TIME",
                help: "measured time per operation and thread count (default 2s)"),
            Flag(
                name: "rounds", valueName: "N",
                help: "how often; 'compare' needs 6 or more (default 1)"),
            Flag(
                name: "out", short: "o", valueName: "DIR",
                help: "results directory (default results/<time>-sign)"),
            Flag(name: "format", valueName: "HOW", help: "table (default), json or markdown"),
            Flag(name: "quiet", short: "q", help: "no progress, only the result"),
        ],
        run: { arguments throws(CommandError) in try SignCommand(arguments).run() })
}

struct SignCommand {
    private let threadCounts: [Int]
    private let duration: Duration
    private let rounds: Int
    private let outputPath: String?
    private let format: TableFormat
    private let isQuiet: Bool

    init(_ arguments: Arguments) throws(CommandError) {
        let settings = try Settings(arguments, for: .sign)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        threadCounts = try settings.list("threads", default: cores > 1 ? [1, cores] : [1]) {
            text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...1024)
        }
        duration = try settings.parsed("duration", default: .seconds(2), Quantities.duration)
        guard duration > .zero else {
            throw .usage("--duration must be longer than 0")
        }
        rounds = try settings.parsed("rounds", default: 1) { text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...1000)
        }
        outputPath = try settings.path("out")
        let name = try settings.parsed("format", default: TableFormat.table.rawValue) {
            text, source throws(CommandError) in
            try Quantities.choice(text, source, of: TableFormat.allCases.map(\.rawValue))
        }
        format = TableFormat(rawValue: name) ?? .table
        isQuiet = try settings.isOn("quiet")
    }

    func run() throws(CommandError) -> ExitCode {
        Interruption.watch()
        let startedAt = Date()
        let directory: ResultsDirectory
        do throws(ResultsError) {
            directory = try ResultsDirectory(
                requested: outputPath, name: "sign", startedAt: startedAt)
        } catch {
            throw error.commandError
        }
        var rows: [SigningRow] = []
        // There from the start: whatever ends it, the folder says what it is.
        try write(rows, to: directory, startedAt: startedAt, isComplete: false)
        for round in 1...rounds {
            for count in threadCounts {
                if !isQuiet { Terminal.writeError("signing on \(count) thread(s)...") }
                let measured = try measure(threads: count)
                guard !Interruption.isRequested else {
                    Terminal.writeError(
                        "uploadbench: interrupted; partial results are in \(directory.path)")
                    return .interrupted
                }
                for var row in measured {
                    row.round = round
                    row.noteScaling(from: rows)
                    rows.append(row)
                }
                // Each finished row is kept, whatever happens to the next.
                try write(rows, to: directory, startedAt: startedAt, isComplete: false)
            }
        }
        try write(rows, to: directory, startedAt: startedAt, isComplete: true)
        Terminal.write(SigningTable(rows: SigningRow.merged(rows)).text(format))
        if !isQuiet { Terminal.writeError("results: \(directory.path)") }
        return .success
    }

    private func measure(threads: Int) throws(CommandError) -> [SigningRow] {
        do throws(SigningBenchmarkError) {
            return try SigningBenchmark(duration: duration).rows(threads: threads)
        } catch {
            throw CommandError(exitCode: .failure, message: error.message)
        }
    }

    private func write(
        _ rows: [SigningRow], to directory: ResultsDirectory, startedAt: Date, isComplete: Bool
    ) throws(CommandError) {
        var csv = CSVEncoder()
        SigningRow.columns.forEach { csv.field($0) }
        csv.endRow()
        for row in rows { row.append(to: &csv) }
        let times = ISO8601DateFormatter()
        let record: [String: Any] = [
            "schema_version": 1,
            "tool": "uploadbench \(Uploadbench.version)",
            "plan": ["threads": threadCounts, "duration_s": duration / .seconds(1)],
            "started_at": times.string(from: startedAt),
            "ended_at": isComplete ? times.string(from: Date()) : NSNull(),
            "status": isComplete ? "complete" : "partial",
            "machine": MachineFacts.object,
            "libraries": MachineFacts.libraries,
            "git_commit": MachineFacts.gitCommit ?? NSNull(),
        ]
        do throws(ResultsError) {
            try directory.replace("signing.csv", with: csv.take())
            try directory.replace("run.json", with: Array((JSONText.render(record) + "\n").utf8))
        } catch {
            throw error.commandError
        }
    }
}

/// One row of signing.csv. Times are sums over all threads but for the wall time.
struct SigningRow: Sendable {
    static let columns = [
        "operation", "threads", "signs", "wall_s", "cpu_s", "signs_per_s", "cpu_ns_per_sign",
        "hash_limit_ns", "ratio_to_limit", "scaling", "canonicalize_share", "hash_share",
        "encode_share", "round",
    ]

    let operation: String
    let threads: Int
    let signs: Int
    let wallNs: Int64
    let cpuNs: Int64
    /// nil for what hashes nothing.
    let hashLimitNs: Double?
    /// Of canonicalisation, hashing and encoding in a call's time; empty for what has no stages.
    let stageShares: [Double]
    /// Signs per second over those of one thread.
    private(set) var scaling: Double?
    var round = 1

    var signsPerSecond: Double { Double(signs) * 1e9 / Double(max(1, wallNs)) }
    /// Not a number where the time was too short for a single call.
    var cpuNsPerSign: Double { Double(cpuNs) / Double(signs) }
    var ratioToLimit: Double? { hashLimitNs.map { cpuNsPerSign / $0 } }

    /// - Parameter rows: measured before; one of them may be this operation on one thread.
    mutating func noteScaling(from rows: [SigningRow]) {
        let single =
            threads == 1
            ? self
            : rows.first {
                $0.operation == operation && $0.threads == 1 && $0.round == round
            }
        scaling = single.map { signsPerSecond / $0.signsPerSecond }
    }

    func append(to csv: inout CSVEncoder) {
        csv.field(operation)
        csv.field(threads)
        csv.field(signs)
        csv.field(Double(wallNs) / 1e9, places: 6)
        csv.field(Double(cpuNs) / 1e9, places: 6)
        csv.field(signsPerSecond, places: 1)
        csv.field(cpuNsPerSign, places: 1)
        csv.field(hashLimitNs, places: 1)
        csv.field(ratioToLimit, places: 3)
        csv.field(scaling, places: 3)
        for stage in 0..<3 {
            csv.field(stageShares.isEmpty ? nil : stageShares[stage], places: 3)
        }
        csv.field(round)
        csv.endRow()
    }

    /// All rounds of each operation and thread count together.
    static func merged(_ rows: [SigningRow]) -> [SigningRow] {
        rows.filter { $0.round == 1 }.reduce(into: []) { merged, first in
            let same = rows.filter {
                $0.operation == first.operation && $0.threads == first.threads
            }
            let mean = { (values: [Double]) in values.reduce(0, +) / Double(values.count) }
            let limits = same.compactMap(\.hashLimitNs)
            var row = SigningRow(
                operation: first.operation, threads: first.threads,
                signs: same.reduce(0) { $0 + $1.signs }, wallNs: same.reduce(0) { $0 + $1.wallNs },
                cpuNs: same.reduce(0) { $0 + $1.cpuNs },
                hashLimitNs: limits.isEmpty ? nil : mean(limits),
                stageShares: first.stageShares.indices.map { stage in
                    mean(same.map { $0.stageShares[stage] })
                })
            row.noteScaling(from: merged)
            merged.append(row)
        }
    }
}

/// The rows for a person, a document or a program.
struct SigningTable {
    let rows: [SigningRow]

    func text(_ format: TableFormat) -> String {
        switch format {
        case .table: lines().map { $0.joined(separator: "  ") }.joined(separator: "\n")
        case .markdown: markdown()
        case .json: JSONText.render(["signing": rows.map(object)])
        }
    }

    private static let titles = [
        "operation", "threads", "signs/s", "CPU ns/sign", "hash limit ns", "ratio", "scaling",
        "canonicalize", "hash", "encode",
    ]

    private func cells(_ row: SigningRow) -> [String] {
        [
            row.operation, String(row.threads), Self.whole(row.signsPerSecond),
            Self.whole(row.cpuNsPerSign), row.hashLimitNs.map(Self.whole) ?? "",
            Self.hundredths(row.ratioToLimit), Self.hundredths(row.scaling),
        ]
            + (0..<3).map { stage in
                row.stageShares.isEmpty
                    ? "" : Self.whole(row.stageShares[stage] * 100) + "%"
            }
    }

    private static func whole(_ value: Double) -> String {
        Int(exactly: value.rounded()).map(String.init) ?? ""
    }

    private static func hundredths(_ value: Double?) -> String {
        value.map { String(($0 * 100).rounded() / 100) } ?? ""
    }

    private func lines() -> [[String]] {
        let all = [Self.titles] + rows.map(cells)
        let widths = Self.titles.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { line in
            line.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - line[column].count)
                return column == 0 ? line[column] + space : space + line[column]
            }
        }
    }

    private func markdown() -> String {
        let rule = Self.titles.indices.map { $0 == 0 ? "---" : "---:" }
        return ([Self.titles, rule] + rows.map(cells)).map {
            "| " + $0.joined(separator: " | ") + " |"
        }.joined(separator: "\n")
    }

    private func object(_ row: SigningRow) -> [String: Any] {
        let shares: [Any] =
            row.stageShares.isEmpty ? [NSNull(), NSNull(), NSNull()] : row.stageShares
        return [
            "operation": row.operation, "threads": row.threads, "signs": row.signs,
            "signs_per_s": row.signsPerSecond,
            "cpu_ns_per_sign": row.cpuNsPerSign.isFinite ? row.cpuNsPerSign : NSNull() as Any,
            "hash_limit_ns": row.hashLimitNs ?? NSNull(),
            "ratio_to_limit": row.ratioToLimit ?? NSNull(), "scaling": row.scaling ?? NSNull(),
            "canonicalize_share": shares[0], "hash_share": shares[1], "encode_share": shares[2],
        ]
    }
}
