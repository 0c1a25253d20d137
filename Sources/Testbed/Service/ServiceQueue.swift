import Measure

/// When each request has been served: a queue with one line and any number of servers, first come,
/// first served. It knows no clock; the caller says when a request came.
///
/// A service starts at the later of the request's arrival and the end that was set for the one
/// before it on the same server, never at the time when somebody looked. So a caller that wakes up
/// late delays single answers but never the line.
package struct ServiceQueue: Sendable {
    private let service: ServiceTime
    private var random: SeededRandom
    /// When each server will be free, the earliest first (a binary heap).
    private var freeNs: [Int64]

    package init(_ service: ServiceTime, seed: UInt64) {
        self.service = service
        random = SeededRandom(seed: seed)
        freeNs = Array(repeating: .min, count: service.servers ?? 0)
    }

    /// When a request that comes now has been served. Arrivals come in the order of their times.
    package mutating func end(ofArrivalAt arrivalNs: Int64) -> Int64 {
        let serviceNs = service.sample(&random)
        guard let free = freeNs.first else { return arrivalNs + serviceNs }
        let endNs = max(arrivalNs, free) + serviceNs
        replaceFirst(with: endNs)
        return endNs
    }

    private mutating func replaceFirst(with time: Int64) {
        var position = 0
        while 2 * position + 1 < freeNs.count {
            var child = 2 * position + 1
            if child + 1 < freeNs.count, freeNs[child + 1] < freeNs[child] { child += 1 }
            guard freeNs[child] < time else { break }
            freeNs[position] = freeNs[child]
            position = child
        }
        freeNs[position] = time
    }
}
