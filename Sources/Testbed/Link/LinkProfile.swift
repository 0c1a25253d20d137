import Foundation

/// A named network: how far the client is from the region and from an edge, and what its line carries.
package struct LinkProfile: Sendable, Equatable {
    package var name: String
    /// From the client to the region.
    package var region: LinkParameters
    /// From the client to the nearest edge, in ms.
    package var edgeRoundTripMs: Double
    /// Between the API and the store, in one region.
    package var backboneMbit = 10_000.0

    package func parameters(_ leg: LinkLeg) -> LinkParameters {
        var parameters = region
        switch leg {
        case .clientStore, .clientGateway: break
        case .clientEdge: parameters.roundTripMs = edgeRoundTripMs
        case .edgeStore:
            // The way from the edge is what the client's own way has left, over the cloud's own network.
            parameters.roundTripMs = max(0.5, region.roundTripMs - edgeRoundTripMs)
            (parameters.upMbit, parameters.downMbit) = (backboneMbit, backboneMbit)
            parameters.loss = 0
            parameters.queueBytes = nil
            parameters.restartsAfterIdle = false
            parameters.isWarm = true
        case .gatewayStore:
            parameters = LinkParameters(
                roundTripMs: 0.5, upMbit: backboneMbit, downMbit: backboneMbit,
                restartsAfterIdle: false, isWarm: true)
        }
        return parameters
    }

    package static let loopback = "loopback"
    package static let names = [loopback] + LinkProfileFile.embedded.profiles.map(\.name)
}

/// What is wrong with a link's text, and what could stand there.
package struct LinkProfileError: Error, Equatable, CustomStringConvertible {
    package let description: String
}

extension LinkProfile {
    /// `cross-continent`, `rtt=80ms,up=20mbit`, or a name followed by what is different; nil for
    /// `loopback`, which is no emulation.
    package static func parse(_ text: String) throws(LinkProfileError) -> LinkProfile? {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        if parts == [loopback] { return nil }
        var profile: LinkProfile
        var rest = parts[...]
        if let first = parts.first, !first.contains("=") {
            guard let known = LinkProfileFile.embedded.profiles.first(where: { $0.name == first })
            else {
                throw LinkProfileError(
                    description:
                        "'\(first)' is no link; one of \(names.joined(separator: ", ")), or rtt=80ms,up=20mbit"
                )
            }
            profile = known.profile
            rest = parts.dropFirst()
        } else {
            profile = LinkProfile(
                name: text,
                region: LinkParameters(roundTripMs: 80, upMbit: 100, downMbit: 100),
                edgeRoundTripMs: 10)
            // An edge is near; that is the point of it.
            profile.edgeRoundTripMs = -1
        }
        profile.name = text
        for part in rest { try profile.set(part) }
        if profile.edgeRoundTripMs < 0 {
            profile.edgeRoundTripMs = min(10, profile.region.roundTripMs / 2)
        }
        return profile
    }

    private mutating func set(_ part: String) throws(LinkProfileError) {
        let halves = part.split(separator: "=", maxSplits: 1).map(String.init)
        guard halves.count == 2 else {
            throw LinkProfileError(description: "'\(part)' is not NAME=VALUE; write rtt=80ms")
        }
        let (name, value) = (halves[0], halves[1])
        switch name {
        case "rtt": region.roundTripMs = try Self.milliseconds(value)
        case "edge-rtt": edgeRoundTripMs = try Self.milliseconds(value)
        case "up": region.upMbit = try Self.megabits(value)
        case "down": region.downMbit = try Self.megabits(value)
        case "loss": region.loss = try Self.share(value)
        case "queue": region.queueBytes = try Self.bytes(value)
        case "idle-restart":
            guard ["on", "off"].contains(value) else {
                throw LinkProfileError(description: "idle-restart is on or off, not '\(value)'")
            }
            region.restartsAfterIdle = value == "on"
        case "cc":
            guard CongestionControl(rawValue: value) != nil else {
                throw LinkProfileError(description: "cc is cubic, reno or bbr, not '\(value)'")
            }
            region.congestionControl = value
        default:
            throw LinkProfileError(
                description:
                    "'\(name)' is no part of a link; rtt, edge-rtt, up, down, loss, queue, cc, idle-restart are"
            )
        }
    }

    private static func milliseconds(_ text: String) throws(LinkProfileError) -> Double {
        try number(text, [("us", 0.001), ("ms", 1), ("s", 1000)], in: 0.1...10_000, "80ms")
    }

    private static func megabits(_ text: String) throws(LinkProfileError) -> Double {
        try number(
            text, [("kbit", 0.001), ("mbit", 1), ("gbit", 1000)], in: 0.01...100_000, "20mbit")
    }

    private static func share(_ text: String) throws(LinkProfileError) -> Double {
        try number(text, [("%", 0.01)], in: 0...0.5, "0.1%")
    }

    private static func bytes(_ text: String) throws(LinkProfileError) -> Double {
        try number(
            text, [("kib", 1024), ("mib", 1_048_576), ("b", 1)], in: 3000...1e9, "256KiB")
    }

    private static func number(
        _ text: String, _ units: [(String, Double)], in range: ClosedRange<Double>,
        _ example: String
    ) throws(LinkProfileError) -> Double {
        let lower = text.lowercased()
        for (unit, factor) in units where lower.hasSuffix(unit) {
            guard let value = Double(lower.dropLast(unit.count)), range.contains(value * factor)
            else { continue }
            return value * factor
        }
        throw LinkProfileError(description: "'\(text)' does not fit; write for example \(example)")
    }
}

/// `profiles.json`.
struct LinkProfileFile: Decodable, Sendable {
    struct Entry: Decodable, Sendable {
        let name: String
        let rtt_ms: Double
        let edge_rtt_ms: Double
        let up_mbit: Double
        let down_mbit: Double
        let loss: Double
        let source: String

        var profile: LinkProfile {
            LinkProfile(
                name: name,
                region: LinkParameters(
                    roundTripMs: rtt_ms, upMbit: up_mbit, downMbit: down_mbit, loss: loss),
                edgeRoundTripMs: edge_rtt_ms)
        }
    }

    let profiles: [Entry]

    /// The file in the binary; a test reads it, so it is always right.
    static let embedded: LinkProfileFile = {
        let data = Data(PackageResources.profiles_json)
        return (try? JSONDecoder().decode(LinkProfileFile.self, from: data))
            ?? LinkProfileFile(profiles: [])
    }()
}
