/// Names a timer until it has run or was cancelled.
package struct TimerID: Sendable, Equatable {
    fileprivate let slot: Int
    fileprivate let generation: UInt32
}

/// Times in a binary heap. Cancelling leaves the entry in the heap until its time has come, with
/// nothing to do.
struct TimerHeap {
    private struct Entry {
        let time: Int64
        /// Timers of equal times run in the order in which they were made.
        let order: UInt64
        let slot: Int
        let generation: UInt32
    }

    private var heap: [Entry] = []
    private var actions: [(() -> Void)?] = []
    private var generations: [UInt32] = []
    private var freeSlots: [Int] = []
    private var made: UInt64 = 0

    var nextTime: Int64? { heap.first?.time }

    mutating func insert(at time: Int64, _ action: @escaping () -> Void) -> TimerID {
        let slot = freeSlots.popLast() ?? actions.count
        if slot == actions.count {
            actions.append(nil)
            generations.append(0)
        }
        actions[slot] = action
        made += 1
        let entry = Entry(time: time, order: made, slot: slot, generation: generations[slot])
        heap.append(entry)
        siftUp(heap.count - 1)
        return TimerID(slot: slot, generation: entry.generation)
    }

    mutating func cancel(_ timer: TimerID) {
        guard generations[timer.slot] == timer.generation else { return }
        release(timer.slot)
    }

    /// The next action whose time has come, which is then forgotten.
    mutating func popDue(_ now: Int64) -> (() -> Void)? {
        while let first = heap.first, first.time <= now {
            removeFirst()
            guard generations[first.slot] == first.generation else { continue }
            let action = actions[first.slot]
            release(first.slot)
            return action
        }
        return nil
    }

    private mutating func release(_ slot: Int) {
        actions[slot] = nil
        generations[slot] &+= 1
        freeSlots.append(slot)
    }

    private func isEarlier(_ left: Int, _ right: Int) -> Bool {
        (heap[left].time, heap[left].order) < (heap[right].time, heap[right].order)
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0, isEarlier(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if isEarlier(child, least) { least = child }
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
