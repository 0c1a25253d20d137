import Foundation

/// Makes this shard's cells start when the others' do: at a time that was given, and with a barrier in
/// the bucket before each cell.
final class ShardMeeting {
    private let plan: ShardPlan
    private let client: BarrierClient?
    private let keys: BarrierKeys
    private let isQuiet: Bool
    private var put: [String] = []
    private(set) var warnings: [String] = []
    private var worstLateSeconds: Double?

    private static let lookInterval = 0.15
    /// As well as clocks need to agree: a shard that starts within it of the others is on time.
    private static let sharpSeconds = 0.02
    /// For the others to see the last objects before they are taken away.
    private static let partingSeconds = 10.0
    /// For a last look that has begun in time.
    private static let listingSeconds = 1.0

    init(_ plan: ShardPlan, _ run: RunPlan, _ target: RunTarget) throws(CommandError) {
        self.plan = plan
        isQuiet = run.isQuiet
        keys = BarrierKeys(runName: plan.runName ?? "")
        guard plan.barrier != nil, plan.shard.attempt == 0 else {
            client = nil
            if plan.barrier != nil {
                warnings.append(
                    "\(plan.shard.text) was started again and did not wait for the others: it loaded the"
                        + " target by itself")
            }
            return
        }
        client = try BarrierClient(run, target)
    }

    var record: ShardStartRecord {
        ShardStartRecord(
            offset: client?.offset, discipline: ClockDiscipline.ofThisMachine(),
            worstLateSeconds: worstLateSeconds)
    }

    /// Returns when the cell is to start; false after an interrupt.
    ///
    /// - Throws: when the others do not come, or this shard comes too late.
    func beforeCell(_ number: Int) throws(CommandError) -> Bool {
        let startAt = number == 0 ? plan.startAt : nil
        guard let client, let patience = plan.barrier else {
            return try startAt.map { time throws(CommandError) in try wait { time } } ?? true
        }
        guard let time = try meet("\(number)", client, patience) else { return false }
        return try wait {
            self.narrow(client, cell: "\(number)", before: time)
            return max(startAt ?? 0, time - client.offset.middle)
        }
    }

    /// Takes this shard's objects away, once the others have seen the last of them.
    func leave() {
        guard let client, !put.isEmpty else { return }
        if !Interruption.isRequested { part(client) }
        put.forEach(client.delete)
    }

    // MARK: The barrier

    /// When the cell starts, by the server's clock; nil after an interrupt.
    private func meet(
        _ cell: String, _ client: BarrierClient, _ patience: Duration
    ) throws(CommandError) -> Double? {
        let own = keys.key(cell, shard: plan.shard.index)
        try client.put(own)
        put.append(own)
        let deadline = Date(timeIntervalSinceNow: patience.inSeconds)
        while !Interruption.isRequested {
            let listed = try client.list(keys.prefix(cell), until: deadline + Self.listingSeconds)
            let there = shards(listed, cell)
            show(there.count)
            if there.count == plan.shard.count {
                return BarrierStart.time(lastModified: listed.map(\.modified))
            }
            guard Date() < deadline else { throw missing(there) }
            Thread.sleep(forTimeInterval: Self.lookInterval)
        }
        return nil
    }

    private func shards(_ listed: [BarrierClient.Listed], _ cell: String) -> Set<Int> {
        BarrierKeys.shards(
            in: listed.map(\.key), below: keys.prefix(cell), count: plan.shard.count)
    }

    private func missing(_ there: Set<Int>) -> CommandError {
        let missing = (0..<plan.shard.count).filter { !there.contains($0) }
        let shown = missing.prefix(10).map(String.init).joined(separator: ", ")
        return CommandError(
            exitCode: .failure,
            message: "shards \(shown)\(missing.count > 10 ? ", …" : "") did not come to the barrier"
                + " within \(Int(plan.barrier?.inSeconds ?? 0)) s (--barrier TIME waits longer)")
    }

    /// Waits until all have come to the end, or some have left already.
    private func part(_ client: BarrierClient) {
        let own = keys.key("end", shard: plan.shard.index)
        guard (try? client.put(own)) != nil else { return }
        put.append(own)
        let deadline = Date(timeIntervalSinceNow: Self.partingSeconds)
        var most = 0
        while Date() < deadline, !Interruption.isRequested {
            guard let listed = try? client.list(keys.prefix("end"), until: deadline) else { return }
            let count = shards(listed, "end").count
            guard count < plan.shard.count, count >= most else { return }
            most = count
            Thread.sleep(forTimeInterval: Self.lookInterval)
        }
    }

    private func show(_ count: Int) {
        guard !isQuiet, Terminal.isInteractive else { return }
        Terminal.rewriteLine(
            "\(plan.shard.text): \(count) of \(plan.shard.count) are at the barrier")
    }

    // MARK: The start

    /// The last one to come has seen few answers: it asks on while it waits.
    private func narrow(_ client: BarrierClient, cell: String, before time: Double) {
        let left = time - client.offset.middle - Date().timeIntervalSince1970
        guard client.offset.uncertainty > Self.sharpSeconds, left > 1 else { return }
        _ = try? client.list(
            keys.prefix(cell), until: Date(timeIntervalSinceNow: left))
    }

    /// - Parameter start: in seconds of Unix time by this machine's clock; asked again while waiting.
    private func wait(until start: () -> Double) throws(CommandError) -> Bool {
        let early = start() - Date().timeIntervalSince1970
        guard early > -BarrierStart.lateLimitSeconds else {
            throw CommandError(
                exitCode: .failure,
                message:
                    "\(plan.shard.text) is \(Readable.number(-early)) s late for the common start:"
                    + " the run would be blurred; give it more time (--start-at, --barrier)")
        }
        while !Interruption.isRequested {
            let left = start() - Date().timeIntervalSince1970
            guard left > 0 else {
                worstLateSeconds = max(worstLateSeconds ?? 0, -left)
                return true
            }
            Thread.sleep(forTimeInterval: min(left, 0.1))
        }
        return false
    }
}
