import Foundation

/// Where shards of one run wait for each other: each puts an object into the bucket and waits until all
/// are there. The objects of a cell are below `uploadbench-barrier/<run>/<cell>/`, their names are the
/// shards' numbers.
struct BarrierKeys {
    let runName: String

    static let root = "uploadbench-barrier"

    func prefix(_ cell: String) -> String { "\(Self.root)/\(runName)/\(cell)/" }
    func key(_ cell: String, shard: Int) -> String { prefix(cell) + "\(shard)" }

    /// Which shards a listing shows.
    static func shards(in keys: [String], below prefix: String, count: Int) -> Set<Int> {
        Set(
            keys.compactMap { key in
                guard key.hasPrefix(prefix), let index = Int(key.dropFirst(prefix.count)) else {
                    return nil
                }
                return (0..<count).contains(index) ? index : nil
            })
    }
}

/// When all start, once the last has come, in seconds of Unix time by the server's clock.
enum BarrierStart {
    /// For the slowest to see that all are there, and to get ready.
    static let leadSeconds = 3.0
    /// A shard that could start only so much later than the others would blur what they measure.
    static let lateLimitSeconds = 0.25

    /// All shards compute the same time, as all see the same objects.
    ///
    /// - Parameter lastModified: of the objects, in seconds of Unix time; stores give whole seconds.
    static func time(lastModified: [Double]) -> Double? {
        lastModified.max().map { $0 + leadSeconds }
    }
}
