/// Names a timer until it has run or was cancelled.
package struct TimerID: Sendable, Equatable {
    fileprivate let slot: Int
    fileprivate let generation: UInt32
}

/// Times in a binary heap that knows where each timer stands, so that a cancelled one leaves at
/// once: timeouts that hardly ever come due must not pile up.
package struct TimerHeap {
    private struct Entry {
        let time: Int64
        /// Timers of equal times run in the order in which they were made.
        let order: UInt64
        let slot: Int

        func isEarlier(than other: Entry) -> Bool {
            (time, order) < (other.time, other.order)
        }
    }

    private struct Slot {
        var action: (() -> Void)?
        var generation: UInt32 = 0
        var position = 0
    }

    private var heap: [Entry] = []
    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    private var made: UInt64 = 0

    package init() {}

    package var count: Int { heap.count }
    package var nextTime: Int64? { heap.first?.time }

    @discardableResult
    package mutating func insert(at time: Int64, _ action: @escaping () -> Void) -> TimerID {
        let slot = freeSlots.popLast() ?? slots.count
        if slot == slots.count { slots.append(Slot()) }
        slots[slot].action = action
        made += 1
        let entry = Entry(time: time, order: made, slot: slot)
        heap.append(entry)
        siftUp(entry, from: heap.count - 1)
        return TimerID(slot: slot, generation: slots[slot].generation)
    }

    package mutating func cancel(_ timer: TimerID) {
        guard slots.indices.contains(timer.slot),
            slots[timer.slot].generation == timer.generation
        else { return }
        remove(at: slots[timer.slot].position)
        release(timer.slot)
    }

    /// The next action whose time has come, which is then forgotten.
    package mutating func popDue(_ now: Int64) -> (() -> Void)? {
        guard let first = heap.first, first.time <= now else { return nil }
        let action = slots[first.slot].action
        remove(at: 0)
        release(first.slot)
        return action
    }

    private mutating func release(_ slot: Int) {
        slots[slot].action = nil
        slots[slot].generation &+= 1
        freeSlots.append(slot)
    }

    private mutating func remove(at position: Int) {
        let last = heap.removeLast()
        guard position < heap.count else { return }
        if position > 0, last.isEarlier(than: heap[(position - 1) / 2]) {
            siftUp(last, from: position)
        } else {
            siftDown(last, from: position)
        }
    }

    private mutating func place(_ entry: Entry, at position: Int) {
        heap[position] = entry
        slots[entry.slot].position = position
    }

    private mutating func siftUp(_ entry: Entry, from start: Int) {
        var position = start
        while position > 0, entry.isEarlier(than: heap[(position - 1) / 2]) {
            place(heap[(position - 1) / 2], at: position)
            position = (position - 1) / 2
        }
        place(entry, at: position)
    }

    private mutating func siftDown(_ entry: Entry, from start: Int) {
        var position = start
        while 2 * position + 1 < heap.count {
            var child = 2 * position + 1
            if child + 1 < heap.count, heap[child + 1].isEarlier(than: heap[child]) { child += 1 }
            guard heap[child].isEarlier(than: entry) else { break }
            place(heap[child], at: position)
            position = child
        }
        place(entry, at: position)
    }
}
