/// One leg of the emulated network, in numbers. "Up" is from the client's side to the far one.
package struct LinkParameters: Sendable, Equatable, Codable {
    package var roundTripMs: Double
    package var upMbit: Double
    package var downMbit: Double
    /// Share of the packets lost on the way up, behind the bottleneck.
    package var loss: Double
    /// Of each direction's queue; nil: one bandwidth-delay product, at least 256 KiB.
    package var queueBytes: Double?
    package var congestionControl: String
    /// tcp_slow_start_after_idle.
    package var restartsAfterIdle: Bool
    /// Connections were open and busy before: no handshake, and a window of one bandwidth-delay
    /// product to start with.
    package var isWarm: Bool

    package init(
        roundTripMs: Double, upMbit: Double, downMbit: Double, loss: Double = 0,
        queueBytes: Double? = nil, congestionControl: CongestionControl = .cubic,
        restartsAfterIdle: Bool = true, isWarm: Bool = false
    ) {
        self.roundTripMs = roundTripMs
        self.upMbit = upMbit
        self.downMbit = downMbit
        self.loss = loss
        self.queueBytes = queueBytes
        self.congestionControl = congestionControl.rawValue
        self.restartsAfterIdle = restartsAfterIdle
        self.isWarm = isWarm
    }

    var roundTrip: Double { roundTripMs / 1000 }
    var control: CongestionControl { CongestionControl(rawValue: congestionControl) ?? .cubic }

    func queue(_ mbit: Double) -> Double {
        queueBytes ?? max(roundTrip * mbit * 1e6 / 8, 262_144)
    }

    /// A window that fills the leg, as far as a send buffer of 4 MiB lets it.
    var warmWindow: Double {
        min(max(roundTrip * upMbit * 1e6 / 8, 14_480), 3.6e6)
    }
}

/// The legs between the roles.
package enum LinkLeg: String, Sendable, CaseIterable {
    case clientStore, clientGateway, clientEdge, edgeStore, gatewayStore

    /// Legs of the client share its access line.
    var isClients: Bool { [.clientStore, .clientGateway, .clientEdge].contains(self) }
}
