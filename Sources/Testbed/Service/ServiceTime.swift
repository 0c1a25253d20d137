package import Measure

/// How long a role works on each request, and on how many at a time.
package struct ServiceTime: Sendable, Equatable {
    package enum Distribution: String, Sendable {
        /// Every request takes the mean.
        case deterministic
        case exponential
    }

    package var distribution: Distribution
    package var meanNs: Int64
    /// Who comes while all are busy waits in one line, first come, first served. nil: as many as it
    /// takes, so nobody waits.
    package var servers: Int?

    package init(
        _ distribution: Distribution = .deterministic, meanNs: Int64, servers: Int? = nil
    ) {
        self.distribution = distribution
        self.meanNs = meanNs
        self.servers = servers
    }

    package static let none = ServiceTime(meanNs: 0)

    /// As it is written in a flag: `exp:10000us/1`.
    package var text: String {
        (distribution == .exponential ? "exp:" : "") + "\(Double(meanNs) / 1000)us"
            + (servers.map { "/\($0)" } ?? "")
    }

    /// The time of one request.
    package func sample(_ random: inout SeededRandom) -> Int64 {
        switch distribution {
        case .deterministic: meanNs
        case .exponential: Int64((Double(meanNs) * random.nextExponential()).rounded())
        }
    }
}
