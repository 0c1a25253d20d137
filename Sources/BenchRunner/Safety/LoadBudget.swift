import Synchronization

/// What a run may send and cost at most. Uploads ask before they start, so that neither is ever
/// exceeded, whatever is under way.
final class LoadBudget: Sendable {
    enum Limit: Int, Sendable {
        case bytes = 1
        case cost = 2
    }

    let maxBytes: Int64?
    /// In picodollars (10⁻¹² USD).
    let maxPicodollars: Int64?
    private let bytes = Atomic<Int64>(0)
    private let picodollars = Atomic<Int64>(0)
    private let exhausted = Atomic<Int>(0)

    init(maxBytes: Int64?, maxPicodollars: Int64?) {
        self.maxBytes = maxBytes
        self.maxPicodollars = maxPicodollars
    }

    var hasLimit: Bool { maxBytes != nil || maxPicodollars != nil }

    /// The limit that stopped the run; nil while there is room.
    var reached: Limit? { Limit(rawValue: exhausted.load(ordering: .relaxed)) }

    var bytesTaken: Int64 { bytes.load(ordering: .relaxed) }
    var picodollarsTaken: Int64 { picodollars.load(ordering: .relaxed) }

    /// Asks for one upload, or one more attempt of a request. From any thread.
    ///
    /// - Returns: false when it does not fit any more; then nothing fits from now on.
    func take(bytes size: Int64, picodollars cost: Int64) -> Bool {
        guard reached == nil else { return false }
        if let maxBytes, !Self.add(size, to: bytes, atMost: maxBytes) { return refuse(.bytes) }
        if let maxPicodollars, !Self.add(cost, to: picodollars, atMost: maxPicodollars) {
            return refuse(.cost)
        }
        return true
    }

    private func refuse(_ limit: Limit) -> Bool {
        _ = exhausted.compareExchange(expected: 0, desired: limit.rawValue, ordering: .relaxed)
        return false
    }

    private static func add(_ amount: Int64, to sum: borrowing Atomic<Int64>, atMost limit: Int64)
        -> Bool
    {
        guard sum.add(amount, ordering: .relaxed).newValue > limit else { return true }
        sum.subtract(amount, ordering: .relaxed)
        return false
    }
}

extension LoadBudget {
    private static let attoPerPico: Int128 = 1_000_000

    convenience init(_ safety: SafetyPlan) {
        self.init(
            maxBytes: safety.maxBytes,
            maxPicodollars: safety.maxCost.map { Int64($0.attodollars / Self.attoPerPico) })
    }

    func text(_ limit: Limit) -> String {
        let sent = "\(Readable.bytes(bytesTaken)) of files"
        switch limit {
        case .bytes:
            return
                "stopped at --max-bytes \(Readable.bytes(maxBytes ?? 0)): \(sent) were sent, and the next"
                + " upload would have been too much"
        case .cost:
            let dollars = { (pico: Int64) in
                Money(attodollars: Int128(pico) * Self.attoPerPico).decimal(places: 6)
            }
            return "stopped at --max-cost \(dollars(maxPicodollars ?? 0)) USD: \(sent) for"
                + " \(dollars(picodollarsTaken)) USD were sent, and the next upload would have been too much"
        }
    }
}
