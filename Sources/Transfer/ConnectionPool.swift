/// Idle connections by origin and group. The one that was used last is taken first: its congestion
/// window is the warmest, and those that are not needed grow old.
struct ConnectionPool {
    private struct Shelf {
        let origin: Origin
        var connections: [Connection] = []
    }

    /// Of group 0, which most requests belong to. A run has a handful of origins: comparing them
    /// costs less than hashing one.
    private var common: [Shelf] = []
    private var groups: [Int: [Shelf]] = [:]

    mutating func take(_ origin: Origin, _ group: Int) -> Connection? {
        if group == 0 { return Self.take(origin, &common) }
        return Self.take(origin, &groups[group, default: []])
    }

    mutating func takeAny() -> Connection? {
        for index in common.indices where !common[index].connections.isEmpty {
            return common[index].connections.removeFirst()
        }
        for group in groups.keys {
            if let taken = takeAll(group, atMost: 1).first { return taken }
        }
        return nil
    }

    /// All of a group.
    mutating func takeAll(_ group: Int) -> [Connection] { takeAll(group, atMost: .max) }

    mutating func put(_ connection: Connection) {
        if connection.group == 0 {
            Self.put(connection, &common)
        } else {
            Self.put(connection, &groups[connection.group, default: []])
        }
    }

    mutating func remove(_ connection: Connection) {
        if connection.group == 0 {
            Self.remove(connection, &common)
        } else {
            Self.remove(connection, &groups[connection.group, default: []])
        }
    }

    private mutating func takeAll(_ group: Int, atMost limit: Int) -> [Connection] {
        var shelves = group == 0 ? common : groups[group] ?? []
        var taken: [Connection] = []
        for index in shelves.indices {
            while taken.count < limit, let connection = shelves[index].connections.popLast() {
                taken.append(connection)
            }
        }
        let isEmpty = shelves.allSatisfy(\.connections.isEmpty)
        if group == 0 { common = shelves } else { groups[group] = isEmpty ? nil : shelves }
        return taken
    }

    private static func take(_ origin: Origin, _ shelves: inout [Shelf]) -> Connection? {
        guard let index = shelves.firstIndex(where: { $0.origin == origin }) else { return nil }
        return shelves[index].connections.popLast()
    }

    private static func put(_ connection: Connection, _ shelves: inout [Shelf]) {
        if let index = shelves.firstIndex(where: { $0.origin == connection.origin }) {
            shelves[index].connections.append(connection)
        } else {
            shelves.append(Shelf(origin: connection.origin, connections: [connection]))
        }
    }

    private static func remove(_ connection: Connection, _ shelves: inout [Shelf]) {
        guard let index = shelves.firstIndex(where: { $0.origin == connection.origin }) else {
            return
        }
        shelves[index].connections.removeAll { $0 === connection }
    }
}
