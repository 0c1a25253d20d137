/// When the shards of a cell measured, in µs of Unix time by their own clocks.
struct WindowOverlap: Sendable {
    private var shards = 0
    private var latestStart = -Double.infinity
    private var earliestStart = Double.infinity
    private var earliestEnd = Double.infinity
    private var longest = 0.0
    private(set) var lastToStart = 0

    mutating func add(shard: Int, from start: Double, until end: Double) {
        shards += 1
        if start > latestStart { (latestStart, lastToStart) = (start, shard) }
        earliestStart = min(earliestStart, start)
        earliestEnd = min(earliestEnd, end)
        longest = max(longest, end - start)
    }

    /// The stretch that all have in common; nil where there is none.
    var common: (start: Double, length: Double)? {
        guard shards > 0, earliestEnd > latestStart else { return nil }
        return (latestStart, earliestEnd - latestStart)
    }

    /// The common stretch as a share of the longest window, 0…1; nil where nothing is known.
    var share: Double? {
        guard shards > 0 else { return nil }
        return longest > 0 ? min(1, (common?.length ?? 0) / longest) : 1
    }

    /// How far apart the first and the last began, in seconds.
    var startSpreadSeconds: Double { shards > 0 ? (latestStart - earliestStart) / 1e6 : 0 }
}
