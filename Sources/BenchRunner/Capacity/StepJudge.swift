import Measure

/// Judges one step of a search while it runs: uploads at one rate, against every objective.
///
/// An arrival counts once its fate is known: it has ended, or is under way for longer than any
/// objective allows. Arrivals are taken in their order and never past one that is still open, so that
/// quick uploads do not count before the slow ones that came with them. Pure: told of arrivals, ends
/// and times, it knows no clock.
struct StepJudge {
    private let objectives: [ShareObjective]
    private var arrivals: ArrivalStream
    private let measureFromNs: Int64
    let patienceNs: Int64
    private(set) var lookedUntilNs: Int64 = 0
    private let leastDesignEffect: Double

    /// By arrival: when it was intended to start, and what became of it.
    private var offsetsNs: [Int64] = []
    private var fates: [StepUpload?] = []
    /// An arrival that was drawn but not yet due.
    private var next: Arrival?
    /// The first that counts, and the first whose fate is open.
    private var firstCounted: Int?
    private var open = 0
    /// Per objective, over the counted arrivals so far: how many count, how many missed it.
    private var counted: [[Int32]]
    private var missed: [[Int32]]
    /// The same when an upload's time counts from its real start.
    private var missedFromStart: [[Int32]]
    private var inFlight = InFlightTrend()

    private static let batchCount = 20
    /// Of an objective that has no time limit of its own.
    private static let patienceWithoutLimitNs: Int64 = 2_000_000_000

    /// - Parameters:
    ///   - measureFromNs: what arrives before this is warm-up; since the step's start, as all times.
    ///   - leastDesignEffect: from steps before this one.
    init(
        _ objectives: [ShareObjective], arrivals: ArrivalStream, measureFromNs: Int64,
        leastDesignEffect: Double = 1
    ) {
        self.objectives = objectives
        self.arrivals = arrivals
        self.measureFromNs = measureFromNs
        self.leastDesignEffect = leastDesignEffect
        patienceNs = objectives.compactMap(\.limitNs).max() ?? Self.patienceWithoutLimitNs
        counted = objectives.map { _ in [0] }
        missed = counted
        missedFromStart = counted
    }

    // MARK: What happens

    mutating func add(_ uploads: [StepUpload]) {
        for upload in uploads {
            let index = Int(upload.index)
            while fates.count <= index { fates.append(nil) }
            fates[index] = upload
        }
    }

    /// To be called several times per second.
    ///
    /// - Parameter now: a time by which every end before it has been added.
    mutating func look(atNs now: Int64, inFlight count: Int) {
        if now >= measureFromNs { inFlight.add(count, atNs: now - measureFromNs) }
        lookedUntilNs = now
        drawArrivals(until: now)
        settle(now)
    }

    /// When all that arrived before `end` has ended, or will not be waited for.
    mutating func finish(atNs end: Int64) {
        drawArrivals(until: end)
        settle(.max / 2)
    }

    private mutating func settle(_ now: Int64) {
        while open < offsetsNs.count, offsetsNs[open] < now {
            let fate = open < fates.count ? fates[open] : nil
            guard fate != nil || now - offsetsNs[open] > patienceNs else { break }
            if offsetsNs[open] >= measureFromNs { countFate(fate) }
            open += 1
        }
    }

    private mutating func drawArrivals(until now: Int64) {
        while true {
            if next == nil { next = arrivals.next() }
            guard let arrival = next, arrival.offsetNs < now else { return }
            if firstCounted == nil, arrival.offsetNs >= measureFromNs {
                firstCounted = offsetsNs.count
            }
            offsetsNs.append(arrival.offsetNs)
            next = nil
        }
    }

    private mutating func countFate(_ fate: StepUpload?) {
        for (index, objective) in objectives.enumerated() {
            let overdue = objective.isMissedWhenOverdue
            let isMissed = fate.map { objective.isMissed($0) } ?? overdue
            let fromStart = fate.map { objective.isMissed($0, fromStart: true) } ?? overdue
            Self.add(isMissed != nil, to: &counted[index])
            Self.add(isMissed == true, to: &missed[index])
            Self.add(fromStart == true, to: &missedFromStart[index])
        }
    }

    private static func add(_ isOne: Bool, to sums: inout [Int32]) {
        sums.append((sums.last ?? 0) + (isOne ? 1 : 0))
    }

    // MARK: What it says

    /// Arrivals that count by now.
    var countedUploads: Int { (counted.first?.count ?? 1) - 1 }

    /// Per objective, in batches of consecutive arrivals.
    var evidence: [ShareEvidence] { evidence(missed) }

    /// Without what the generator's own lateness has added.
    var evidenceFromStart: [ShareEvidence] { evidence(missedFromStart) }

    private func evidence(_ missed: [[Int32]]) -> [ShareEvidence] {
        objectives.indices.map { index in
            let (counts, hits) = (counted[index], missed[index])
            let total = counts.count - 1
            let batches = (0..<min(Self.batchCount, max(1, total))).map { batch in
                let (from, to) = (
                    total * batch / min(Self.batchCount, max(1, total)),
                    total * (batch + 1) / min(Self.batchCount, max(1, total))
                )
                return ShareEvidence.Batch(
                    count: Int(counts[to] - counts[from]), hits: Int(hits[to] - hits[from]))
            }
            return ShareEvidence(batches, leastDesignEffect: leastDesignEffect)
        }
    }

    /// By the tests alone: fails when one does, holds when all do.
    func verdict(_ evidence: [ShareEvidence]) -> SequentialShareTest.Decision {
        let decisions = zip(objectives, evidence).map {
            SequentialShareTest(limit: $0.share).decide($1)
        }
        if decisions.contains(.fails) { return .fails }
        return decisions.allSatisfy { $0 == .holds } ? .holds : .undecided
    }

    /// Are at least 99% of the arrivals answered in the measured time? As many uploads as are under way
    /// at any time may lie across its ends without anything falling behind.
    func keepsUp(untilNs end: Int64) -> Bool {
        guard let answered = answeredShare(untilNs: end) else { return false }
        let arrived = Double(max(1, arrived(untilNs: end)))
        return answered >= Self.leastAnswered - 2 * max(1, inFlight.startMean ?? 0) / arrived
    }

    private static let leastAnswered = 0.99

    /// Answers per arrival in the measured time up to `end`. An upload that failed was answered too.
    func answeredShare(untilNs end: Int64) -> Double? {
        guard let firstCounted else { return nil }
        let arrived = offsetsNs[firstCounted...].prefix { $0 < end }.count
        guard arrived > 0 else { return nil }
        var answered = 0
        for (index, fate) in fates.enumerated() where index < offsetsNs.count {
            guard let fate else { continue }
            let ended = offsetsNs[index] + fate.endedAfterNs
            if ended >= measureFromNs, ended < end { answered += 1 }
        }
        return Double(answered) / Double(arrived)
    }

    /// Measured arrivals up to `end`.
    func arrived(untilNs end: Int64) -> Int {
        guard let firstCounted else { return 0 }
        return offsetsNs[firstCounted...].prefix { $0 < end }.count
    }

    var trend: InFlightTrend { inFlight }
}

/// How many uploads were under way over a step's time, in equal pieces.
struct InFlightTrend {
    private var samples: [(timeNs: Int64, count: Int)] = []
    private static let pieces = 12
    /// A rise of half the median over the step, and of at least this many uploads, matters.
    private static let share = 0.5
    private static let least = 2.0
    private static let probability = 0.01

    mutating func add(_ count: Int, atNs time: Int64) { samples.append((time, count)) }

    var mean: Double? {
        guard !samples.isEmpty else { return nil }
        return Double(samples.reduce(0) { $0 + $1.count }) / Double(samples.count)
    }

    /// In the first quarter, before much can have piled up.
    var startMean: Double? {
        let first = pieces.prefix(Self.pieces / 4)
        return first.isEmpty ? nil : first.reduce(0, +) / Double(first.count)
    }

    private var pieces: [Double] {
        guard let last = samples.last?.timeNs, last > 0 else { return [] }
        var sums = [(sum: Double, count: Int)](repeating: (0, 0), count: Self.pieces)
        for sample in samples {
            let piece = min(Self.pieces - 1, Int(sample.timeNs * Int64(Self.pieces) / last))
            sums[piece].sum += Double(sample.count)
            sums[piece].count += 1
        }
        return sums.filter { $0.count > 0 }.map { $0.sum / Double($0.count) }
    }

    /// Uploads per second, by Theil and Sen.
    var slopePerSecond: Double? {
        guard let trend = TheilSen(pieces), let last = samples.last?.timeNs, last > 0 else {
            return nil
        }
        return trend.slope * Double(pieces.count) / (Double(last) / 1e9)
    }

    /// Does it go up, beyond chance and by an amount that matters?
    var isRising: Bool {
        let values = pieces
        guard values.count >= 8, let trend = TheilSen(values),
            trend.riseProbability < Self.probability
        else { return false }
        let rise = trend.slope * Double(values.count)
        let median = values.sorted()[values.count / 2]
        return rise > max(Self.least, Self.share * median)
    }
}
