import NetIO

/// What the store emulates of a busy S3: time for each request, and a limit to their rate.
package struct StoreLimits: Sendable {
    /// From the end of the request to its answer, with the waiting for those before it.
    package var service = ServiceTime.none
    /// S3 answers 503 SlowDown beyond its rate (S3 User Guide, "Optimizing Amazon S3 performance":
    /// at least 3,500 PUT per second and prefix); nil: no limit. How S3 counts is not documented:
    /// here the whole store has one bucket of tokens.
    package var throttlePerSecond: Double?
    package var throttleBurst = 1.0
    /// Of the service times.
    package var seed: UInt64 = 1

    package init() {}
}

/// The limits at work, on the store's loop.
final class StoreLoad {
    private let loop: EventLoop
    private let station: ServiceStation
    private var throttle: TokenBucket?

    init(_ limits: StoreLimits, loop: EventLoop) {
        self.loop = loop
        station = ServiceStation(limits.service, seed: limits.seed &+ 0x5704E, loop: loop)
        throttle = limits.throttlePerSecond.map {
            TokenBucket(perSecond: $0, burst: limits.throttleBurst, nowNs: loop.nowNs)
        }
    }

    /// False for a request that is one too many.
    func admit() -> Bool { throttle?.take(nowNs: loop.nowNs) ?? true }

    func serve(_ action: @escaping () -> Void) { station.serve(action) }
}
