import Measure

/// A role that can be made to fail.
package enum FaultRole: String, CaseIterable, Sendable {
    case store, gateway, edge, accelerate

    /// What it can be made to answer: statuses that AWS gives in its place.
    package var statuses: [Int] {
        switch self {
        case .store: [400, 403, 404, 409, 500, 503]
        case .gateway: [400, 401, 403, 404, 429, 500, 502, 503, 504]
        case .edge: [400, 403, 404, 500, 502, 503, 504]
        case .accelerate: [400, 403, 404, 409, 500, 502, 503, 504]
        }
    }

    /// Do its answers name what they stored?
    package var namesETags: Bool { self == .store || self == .accelerate }

    /// Apart, so that a fault at one role does not move those at another.
    fileprivate var seed: UInt64 {
        switch self {
        case .store: 0xFA_5704E
        case .gateway: 0xFA_6A7E
        case .edge: 0xFA_ED6E
        case .accelerate: 0xFA_ACCE
        }
    }
}

/// One way in which requests go wrong, and for how many of them.
package struct Fault: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        // Before the role has looked at the request: nothing is done.
        case status(Int)
        case reset
        // On the way in.
        case stall(ns: Int64)
        case slowRead(bytesPerSecond: Int64)
        // When all is done, and what was to be stored is.
        case stallAnswer(ns: Int64)
        case corruptETag
        case resetAnswer
        case truncate
        case closeAfterHeaders
    }

    package let kind: Kind
    /// Of the role's requests, 0 to 1.
    package let share: Double

    package init(_ kind: Kind, share: Double = 1) {
        self.kind = kind
        self.share = share
    }

    /// As in the flag, without its value.
    package var name: String {
        switch kind {
        case .status(let status): "\(status)"
        case .reset: "reset"
        case .stall: "stall"
        case .slowRead: "slow-read"
        case .stallAnswer: "stall-answer"
        case .corruptETag: "corrupt-etag"
        case .resetAnswer: "reset-answer"
        case .truncate: "truncate"
        case .closeAfterHeaders: "close-after-headers"
        }
    }

    /// Of all faults but the statuses, in the order in which they strike.
    package static let names = [
        "reset", "stall", "slow-read", "stall-answer", "corrupt-etag", "reset-answer", "truncate",
        "close-after-headers",
    ]

    /// A constant of the kind, so that faults do not depend on which others there are.
    fileprivate var seed: UInt64 {
        if case .status(let status) = kind { return UInt64(status) << 16 }
        return UInt64(Self.names.firstIndex(of: name) ?? 0) << 32
    }
}

/// Decides for each request of a role, in the order in which they come, what strikes it. With the
/// same seed it decides the same.
struct FaultDraw {
    private var dice: [(fault: Fault, random: SeededRandom)]

    init(_ faults: [Fault], of role: FaultRole, seed: UInt64) {
        dice = faults.map {
            ($0, SeededRandom(seed: seed &+ role.seed &+ $0.seed))
        }
    }

    /// nil for a request that is left alone.
    mutating func next() -> Strike? {
        var strike: Strike?
        for index in dice.indices where dice[index].random.nextUniform() < dice[index].fault.share {
            strike = strike ?? Strike()
            strike?.add(dice[index].fault)
        }
        return strike
    }
}

/// All that strikes one request. Of those that end it, before or after the role has done its work,
/// the first that was named counts.
struct Strike: Equatable {
    enum Refusal: Equatable {
        case status(Int)
        case reset
    }

    private(set) var refusal: Refusal?
    private(set) var stallNs: Int64 = 0
    private(set) var bytesPerSecond: Int64?
    private(set) var answerStallNs: Int64 = 0
    private(set) var corruptsETag = false
    private(set) var breakPoint: BreakPoint?
    /// For the log: what strikes, or would, had nothing else been before it.
    private(set) var names = ""

    mutating func add(_ fault: Fault) {
        names += names.isEmpty ? fault.name : "," + fault.name
        switch fault.kind {
        case .status(let status): refusal = refusal ?? .status(status)
        case .reset: refusal = refusal ?? .reset
        case .stall(let ns): stallNs = ns
        case .slowRead(let rate): bytesPerSecond = rate
        case .stallAnswer(let ns): answerStallNs = ns
        case .corruptETag: corruptsETag = true
        case .resetAnswer: breakPoint = breakPoint ?? .beforeAnswer
        case .truncate: breakPoint = breakPoint ?? .insideAnswer
        case .closeAfterHeaders: breakPoint = breakPoint ?? .afterHeaders
        }
    }
}
