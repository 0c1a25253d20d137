import Synchronization

/// Of all roles, to clients and to each other: descriptors are the process's.
enum OpenConnections {
    private static let count = Atomic<Int>(0)

    /// Counts one more, if there may be one.
    static func admit(atMost limit: Int) -> Bool {
        if count.add(1, ordering: .relaxed).oldValue < limit { return true }
        count.subtract(1, ordering: .relaxed)
        return false
    }

    /// One that a client is waiting for, and that is made however many there are.
    static func add() { count.add(1, ordering: .relaxed) }

    static func remove(_ number: Int = 1) { count.subtract(number, ordering: .relaxed) }
}
