import Foundation
import Measure

/// What a shard does with the others: its part of the load, and how they start together.
struct ShardPlan: Sendable {
    let shard: Shard
    /// The same in all shards, and in no other run: names the barrier in the bucket.
    let runName: String?
    /// The first cell starts then, in seconds of Unix time.
    let startAt: Double?
    /// How long to wait for the others before each cell; nil: without a barrier.
    let barrier: Duration?

    static let flags = [
        Flag(
            name: "shard", valueName: "I/N",
            help: "do the I-th part of N (from 0); found by itself in Kubernetes, Slurm, AWS Batch"),
        Flag(
            name: "shards", valueName: "N",
            help: "how many there are, where the scheduler tells a task its number only"),
        Flag(
            name: "run-id", valueName: "NAME",
            help: "names the run to the barrier; the same in all shards (default: the job's)"),
        Flag(
            name: "barrier", valueName: "TIME",
            help: "wait so long in the bucket for all shards, before each cell"),
        Flag(
            name: "start-at", valueName: "TIME",
            help: "start then: 2026-04-10T22:48:00Z, or Unix seconds; late is an error"),
    ]
}

extension ShardPlan {
    /// nil for a run that is no shard.
    init?(
        _ settings: Settings, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CommandError) {
        let count = try settings.value("shards").map { value throws(CommandError) in
            try Quantities.count(value.text, value.source, in: 1...Shard.maximumCount)
        }
        let startAt = try settings.value("start-at").map { value throws(CommandError) in
            try Self.time(value.text, value.source)
        }
        let barrier = try settings.value("barrier").map { value throws(CommandError) in
            try Quantities.duration(value.text, value.source)
        }
        let shard = try Self.shard(settings, count, environment)
        guard let shard = shard ?? (startAt == nil ? nil : Shard(index: 0, count: 1, source: ""))
        else {
            for name in ["shards", "barrier", "run-id"] where settings.value(name) != nil {
                throw .usage(
                    "--\(name) goes with --shard I/N, or a scheduler that numbers its tasks")
            }
            return nil
        }
        self.shard = shard
        self.startAt = startAt
        self.barrier = shard.count > 1 ? barrier : nil
        runName =
            try settings.value("run-id").map { value throws(CommandError) in
                try Self.name(value.text, value.source)
            } ?? shard.jobName
        if self.barrier != nil, runName == nil {
            throw .usage(
                "--barrier needs --run-id NAME, the same in all shards and new for each run")
        }
    }

    private static func shard(
        _ settings: Settings, _ count: Int?, _ environment: [String: String]
    ) throws(CommandError) -> Shard? {
        if let (text, source) = settings.value("shard") {
            let shard = try Shard(parsing: text, source)
            if let count, count != shard.count {
                throw .usage("\(source) says \(shard.count) shards and --shards \(count)")
            }
            return shard
        }
        var discovery = ShardDiscovery(environment: environment, count: count)
        let shard = try discovery.shard()
        if shard == nil, let variable = discovery.unused {
            Terminal.writeError(
                "uploadbench: \(variable) is set, but not how many shards there are: this run is none"
                    + " (--shards N makes it one)")
        }
        return shard
    }

    /// Seconds of Unix time.
    private static func time(_ text: String, _ source: String) throws(CommandError) -> Double {
        if let seconds = Double(text), seconds > 0, seconds < 1e11 { return seconds }
        for options in [
            ISO8601DateFormatter.Options.withInternetDateTime,
            [.withInternetDateTime, .withFractionalSeconds],
        ] {
            let formatter = ISO8601DateFormatter()
            formatter.formatOptions = options
            if let date = formatter.date(from: text) { return date.timeIntervalSince1970 }
        }
        throw .usage(
            "\(source): '\(text)' is not a time; write 2026-04-10T22:48:00Z or Unix seconds")
    }

    /// It becomes part of keys in the bucket.
    private static func name(_ text: String, _ source: String) throws(CommandError) -> String {
        let isPlain = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || [0x2D, 0x2E, 0x5F].contains($0)
        }
        guard isPlain, (1...100).contains(text.utf8.count), text.first != "." else {
            throw .usage(
                "\(source): '\(text)' must be letters, digits, '-', '_' and '.', 100 at most")
        }
        return text
    }

    /// `{shard}` and `{attempt}` in the name of the results folder, so that one command line serves all
    /// shards.
    func outputPath(_ path: String?) -> String? {
        path?.replacingOccurrences(of: "{shard}", with: "\(shard.index)")
            .replacingOccurrences(of: "{attempt}", with: "\(shard.attempt)")
    }
}

extension Shard {
    /// This shard's part of things that are dealt out one by one.
    func part(of total: Int) -> Int { total / count + (index < total % count ? 1 : 0) }

    /// - Parameter clients: of the closed model, over all shards.
    /// - Throws: a usage error where a shard would have nothing to do: its part would be missing in the
    ///   whole, and nobody would be told.
    func check(clients: Int?, _ extent: RunPlan.Extent) throws(CommandError) {
        if let clients, clients < count {
            throw .usage(
                "\(count) shards share --concurrency \(clients), so that some had no client: give"
                    + " --concurrency \(count) or more to all of them")
        }
        // 0 are all files, which are counted later.
        if case .uploads(let uploads) = extent, uploads > 0, uploads < count {
            throw .usage(
                "\(count) shards share --uploads \(uploads), so that some had no upload: give"
                    + " --uploads \(count) or more to all of them")
        }
    }

    /// This shard's part of a load.
    func part(of load: Load) -> Load {
        var part = load
        part.share = load.share.part(index, of: count)
        switch load.model {
        case .open(var open):
            open.share = open.share.part(index, of: count)
            open.maxInFlight = (open.maxInFlight + count - 1) / count
            part.model = .open(open)
        case .closed(let clients):
            part.model = .closed(clients: self.part(of: clients))
            // The count of an open load ends at an arrival of the whole schedule.
            if case .uploads(let total) = load.extent {
                part.extent = .uploads(self.part(of: total))
            }
        }
        return part
    }
}
