import Synchronization

/// What the gateway uses, for any thread to read: the bytes of bodies and events that it holds, and what
/// its functions would be billed for.
package final class GatewayAccount: Sendable {
    private let held = Atomic<Int64>(0)
    private let peak = Atomic<Int64>(0)
    private let invocations = Atomic<Int64>(0)
    private let billedMs = Atomic<Int64>(0)

    package init() {}

    func add(_ bytes: Int64) {
        let now = held.add(bytes, ordering: .relaxed).newValue
        if bytes > 0 { peak.max(now, ordering: .relaxed) }
    }

    package var heldBytes: Int64 { held.load(ordering: .relaxed) }

    /// The most since the last call.
    package func takePeak() -> Int64 {
        peak.exchange(held.load(ordering: .relaxed), ordering: .relaxed)
    }

    /// Counts an invocation that has ended. Lambda bills whole milliseconds, at least one (AWS Lambda,
    /// "Pricing").
    func invoked(durationNs: Int64) {
        invocations.add(1, ordering: .relaxed)
        billedMs.add(max(1, (durationNs + 999_999) / 1_000_000), ordering: .relaxed)
    }

    /// Since the start.
    package var lambdaUse: LambdaUse {
        LambdaUse(
            invocations: invocations.load(ordering: .relaxed),
            billedMs: billedMs.load(ordering: .relaxed))
    }
}

/// What functions are billed for.
package struct LambdaUse: Sendable, Equatable {
    package let invocations: Int64
    package let billedMs: Int64

    package init(invocations: Int64, billedMs: Int64) {
        self.invocations = invocations
        self.billedMs = billedMs
    }
}

/// One invocation's billed time: its cold start, which is billed as well since August 2025 (AWS Compute
/// Blog, "AWS Lambda standardizes billing for INIT Phase"), and from the moment at which the function has its
/// event to its answer. While a body comes in, API Gateway holds it and no function runs.
final class InvocationClock {
    private let coldNs: Int64
    private var startedNs: Int64?

    init(coldNs: Int64) { self.coldNs = coldNs }

    func begin(nowNs: Int64) { startedNs = nowNs }

    /// nil if the function never got its event.
    func durationNs(nowNs: Int64) -> Int64? { startedNs.map { coldNs + nowNs - $0 } }
}
