import Foundation

/// Sojourn times (waiting and service) of queues in steady state, from the textbooks: Gross, Shortle,
/// Thompson, Harris, "Fundamentals of Queueing Theory", and Tijms, "A First Course in Stochastic
/// Models" §9.6 for M/D/1.
enum QueueTheory {
    /// Share of sojourns longer than `time` in M/M/c.
    static func exponentialTail(_ time: Double, arrivals: Double, rate: Double, servers: Int)
        -> Double
    {
        let load = arrivals / rate
        let spare = Double(servers) - 1 - load
        let wait = erlangC(load, servers: servers)
        return exp(-rate * time) * (1 + wait * (1 - exp(-rate * time * spare)) / spare)
    }

    /// Probability that an arrival has to wait.
    static func erlangC(_ load: Double, servers: Int) -> Double {
        var blocking = 1.0
        for count in 1...servers { blocking = load * blocking / (Double(count) + load * blocking) }
        let use = load / Double(servers)
        return blocking / (1 - use * (1 - blocking))
    }

    /// Mean sojourn in M/M/c.
    static func exponentialMean(arrivals: Double, rate: Double, servers: Int) -> Double {
        erlangC(arrivals / rate, servers: servers) / (Double(servers) * rate - arrivals) + 1 / rate
    }

    /// Share of sojourns longer than `time` in M/D/1 with service time `service`. The terms of the sum
    /// alternate: beyond some twenty service times they cancel to noise.
    static func deterministicTail(_ time: Double, arrivals: Double, service: Double) -> Double {
        let wait = time - service
        guard wait >= 0 else { return 1 }
        var share = 0.0
        var factorial = 1.0
        for count in 0...Int(wait / service) {
            if count > 0 { factorial *= Double(count) }
            let past = arrivals * (wait - Double(count) * service)
            share += pow(-past, Double(count)) / factorial * exp(past)
        }
        return 1 - (1 - arrivals * service) * share
    }

    /// Mean sojourn in M/D/1 (Pollaczek and Khinchine).
    static func deterministicMean(arrivals: Double, service: Double) -> Double {
        let use = arrivals * service
        return service + use * service / (2 * (1 - use))
    }

    /// The time that a share of `1 - quantile` exceeds, by bisection.
    static func time(atQuantile quantile: Double, _ tail: (Double) -> Double) -> Double {
        var (low, high) = (0.0, 1e-3)
        while tail(high) > 1 - quantile { high *= 2 }
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if tail(middle) > 1 - quantile { low = middle } else { high = middle }
        }
        return high
    }
}
