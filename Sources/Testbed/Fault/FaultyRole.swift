import NetIO

/// A role, as far as faults have to know it.
protocol FallibleRole: RequestHandler {
    /// Is this a step of an upload? All else is left alone: what looks at the bucket or the page,
    /// preflights, and the look at an API that a run begins with.
    func isOfUpload(_ request: HTTPRequest) -> Bool
    /// Refuses the request unseen, in the words that the service has for the status.
    func refuse(_ exchange: Exchange, status: Int)
}

/// Stands before a role and lets some of its requests fail. A role without faults has none.
final class FaultyRole: RequestHandler {
    private let role: any FallibleRole
    private let loop: EventLoop
    private var draw: FaultDraw

    init(_ role: any FallibleRole, _ draw: FaultDraw, loop: EventLoop) {
        self.role = role
        self.draw = draw
        self.loop = loop
    }

    func refusal(for problem: RequestProblem) -> HTTPResponse { role.refusal(for: problem) }

    func handle(_ exchange: Exchange) {
        guard role.isOfUpload(exchange.request), let strike = draw.next() else {
            return role.handle(exchange)
        }
        exchange.faults = strike.names
        guard strike.stallNs > 0 else { return handle(exchange, strike) }
        loop.schedule(afterNs: strike.stallNs) { [weak self] in self?.handle(exchange, strike) }
    }

    private func handle(_ exchange: Exchange, _ strike: Strike) {
        switch strike.refusal {
        case .status(let status): role.refuse(exchange, status: status)
        case .reset: exchange.breakOff(.beforeAnswer, of: nil)
        case nil:
            let channel = FaultyChannel(exchange, strike, loop)
            exchange.keeps = channel
            role.handle(channel.inner)
        }
    }
}

extension RequestHandler where Self: FallibleRole {
    /// This role, or one that fails as asked.
    func failing(
        _ faults: [FaultRole: [Fault]], as role: FaultRole, seed: UInt64, loop: EventLoop
    ) -> any RequestHandler {
        guard let own = faults[role], !own.isEmpty else { return self }
        return FaultyRole(self, FaultDraw(own, of: role, seed: seed), loop: loop)
    }
}
