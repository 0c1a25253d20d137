import NetIO

/// The queue before a role's work, on the role's own loop.
final class ServiceStation {
    private let loop: EventLoop
    private let isIdle: Bool
    private var queue: ServiceQueue

    init(_ service: ServiceTime, seed: UInt64, loop: EventLoop) {
        self.loop = loop
        isIdle = service.meanNs == 0
        queue = ServiceQueue(service, seed: seed)
    }

    /// Calls `action` when the request that has come now is served; at once where nothing takes time.
    ///
    /// - Parameter extraNs: time of this request alone, in which nobody waits for it.
    func serve(extraNs: Int64 = 0, _ action: @escaping () -> Void) {
        guard !isIdle else {
            guard extraNs > 0 else { return action() }
            loop.schedule(afterNs: extraNs, action)
            return
        }
        loop.schedule(atNs: queue.end(ofArrivalAt: loop.nowNs) + extraNs, action)
    }
}
