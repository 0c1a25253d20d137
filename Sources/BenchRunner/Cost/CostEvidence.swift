import Measure
import Presign
import Scenarios

extension CostEvidence {
    /// - Throws: what is wrong with the results directory, by file and line.
    init(path: String) throws(CommandError) {
        do throws(RecordedError) {
            let run = try RecordedRun(path)
            try run.tellWhatIsMissing()
            try self.init(run)
        } catch {
            throw error.commandError
        }
    }

    init(_ run: RecordedRun) throws(RecordedError) {
        let cells = run.cells
        guard !cells.isEmpty else {
            throw .absent(run.path, "holds no cells of a run to price")
        }
        path = run.path
        let names = Set(cells.map(\.scenario))
        strategies = Strategy.allCases.filter { names.contains($0.rawValue) }
        let sizes = Set(cells.compactMap(\.sizeBytes)).sorted()
        shares = sizes.isEmpty ? nil : .listed(sizes.map { .init(bytes: $0, weight: 1) })
        let plan = run.record.plan
        region = run.record.json["target"]?["region"]?.string
        client = plan["client"]?.string.flatMap(ClientPlan.Kind.init)
        signer = plan["signer"]?.string.flatMap(RunPlan.Signer.init)
        partBytes = plan["part_bytes"]?.integer.map(Int64.init).flatMap {
            (PartPlan.smallestPartBytes...PartPlan.largestPartBytes).contains($0) ? $0 : nil
        }
        proxyLimits = run.proxyLimits
        lambdaPoints = Self.lambdaPoints(cells)
        extras = try Self.extras(run)
        vainAccelerations = Self.vainAccelerations(MeasuredStrategy.all(cells))
    }

    private static func vainAccelerations(_ measured: [MeasuredStrategy]) -> [String] {
        measured.compactMap { accelerated in
            guard let plain = accelerated.strategy.unaccelerated,
                let direct = measured.first(where: {
                    $0.strategy == plain && $0.sizeBytes == accelerated.sizeBytes
                }),
                let ratio = PairedRatio(
                    direct.medianUsByRound, to: accelerated.medianUsByRound),
                !ratio.isClear || ratio.ratio < 1
            else { return nil }
            let size = accelerated.sizeBytes.map { " of \(Readable.bytes($0))" } ?? ""
            return "\(accelerated.strategy.rawValue)\(size) (\(PairedRatio.number(ratio.ratio))×,"
                + " \(ratio.text))"
        }
    }

    /// By strategy and size, the mean over the rounds by their uploads.
    private static func lambdaPoints(_ cells: [RecordedCell]) -> [Strategy: [LambdaTimes.Point]] {
        var points: [Strategy: [LambdaTimes.Point]] = [:]
        for strategy in Strategy.allCases {
            let own = cells.filter { $0.scenario == strategy.rawValue && $0.uploads > 0 }
            // Files of many sizes are one point.
            let sizes = Set(own.map { $0.sizeBytes ?? 0 }).sorted()
            for size in sizes {
                let timed = own.filter { ($0.sizeBytes ?? 0) == size }.compactMap { cell in
                    cell.lambdaBilledMsPerUpload.map { ($0, Double(cell.uploads)) }
                }
                let uploads = timed.reduce(0) { $0 + $1.1 }
                guard uploads > 0 else { continue }
                let ms = timed.reduce(0) { $0 + $1.0 * $1.1 } / uploads
                points[strategy, default: []].append(.init(sizeBytes: size, msPerUpload: ms))
            }
        }
        return points
    }

    /// From every upload after the warm-up, but for cells that are there to show a refusal.
    private static func extras(
        _ run: RecordedRun
    ) throws(RecordedError) -> [Strategy: MeasuredExtras] {
        // Merged shards have no samples of their own.
        guard run.has("samples.csv") || run.record.json["merged"] == nil else { return [:] }
        struct Refused: Hashable {
            let scenario: String
            let sizeBytes: Int64
        }
        let arrived = Set(
            run.cells.filter { $0.uploads > 0 }.compactMap { cell in
                cell.sizeBytes.map { Refused(scenario: cell.scenario, sizeBytes: $0) }
            })
        let isFiles = run.cells.contains { $0.sizeBytes == nil }
        var counts: [String: SampleCounts] = [:]
        let samples = try run.samples()
        while let sample = try samples.next() {
            guard !sample.isWarmup, sample.outcome != .cancelled,
                isFiles
                    || arrived.contains(
                        Refused(scenario: sample.scenario, sizeBytes: sample.sizeBytes))
            else { continue }
            counts[sample.scenario, default: SampleCounts()].add(sample)
        }
        return counts.reduce(into: [:]) { extras, counted in
            guard let strategy = Strategy(rawValue: counted.key) else { return }
            extras[strategy] = counted.value.extras
        }
    }

    private struct SampleCounts {
        struct Failure: Hashable {
            let httpStatus: Int?
            let errorCode: String
        }

        var uploads = 0
        var all = 0
        var receivedBytes = 0.0
        var failures: [Failure: Int] = [:]

        mutating func add(_ sample: RecordedSample) {
            all += 1
            receivedBytes += Double(sample.bytesReceived)
            guard sample.hasFailed else {
                uploads += 1
                return
            }
            let failure = Failure(httpStatus: sample.httpStatus, errorCode: sample.errorCode)
            failures[failure, default: 0] += 1
        }

        var extras: MeasuredExtras {
            var extras = MeasuredExtras()
            guard uploads > 0 else { return extras }
            extras.receivedBytesPerUpload = receivedBytes / Double(all)
            extras.failures = failures.map { failure, count in
                FailureRate(
                    httpStatus: failure.httpStatus, errorCode: failure.errorCode,
                    perUpload: Double(count) / Double(uploads))
            }.sorted { ($0.perUpload, $0.errorCode) > ($1.perUpload, $1.errorCode) }
            return extras
        }
    }
}
