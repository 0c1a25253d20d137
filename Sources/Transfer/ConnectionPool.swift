/// Idle connections by origin. The one that was used last is taken first: its congestion window is
/// the warmest, and those that are not needed grow old.
struct ConnectionPool {
    private var origins: [Origin] = []
    private var idle: [[Connection]] = []

    mutating func take(_ origin: Origin) -> Connection? {
        guard let index = origins.firstIndex(of: origin) else { return nil }
        return idle[index].popLast()
    }

    mutating func takeAny() -> Connection? {
        for index in idle.indices where !idle[index].isEmpty { return idle[index].removeFirst() }
        return nil
    }

    mutating func put(_ connection: Connection) {
        // A run has a handful of origins: comparing them costs less than hashing one.
        if let index = origins.firstIndex(of: connection.origin) {
            idle[index].append(connection)
        } else {
            origins.append(connection.origin)
            idle.append([connection])
        }
    }

    mutating func remove(_ connection: Connection) {
        guard let index = origins.firstIndex(of: connection.origin) else { return }
        idle[index].removeAll { $0 === connection }
    }
}
