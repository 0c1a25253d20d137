import Synchronization

/// How many bytes of bodies and events the gateway holds, for any thread to read.
package final class GatewayAccount: Sendable {
    private let held = Atomic<Int64>(0)
    private let peak = Atomic<Int64>(0)

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
}
