/// What happens when on the emulated network. Events run in the order of their times, in virtual time
/// as fast as they can be computed, in real time when they come due. An event runs at the time that it
/// was planned for, however late the thread wakes: lateness is not handed on to what follows from it.
final class LinkEvents {
    private struct Entry {
        let time: Double
        let number: Int
        let action: () -> Void
    }

    private var heap: [Entry] = []
    private var number = 0
    /// The planned time of the event that runs, in seconds.
    private(set) var now = 0.0

    var nextTime: Double? { heap.first?.time }

    func at(_ time: Double, _ action: @escaping () -> Void) {
        number += 1
        heap.append(Entry(time: time, number: number, action: action))
        siftUp(heap.count - 1)
    }

    /// Runs all that is due by `time`.
    func run(until time: Double) {
        while let first = heap.first, first.time <= time { runFirst(first) }
        now = max(now, time)
    }

    /// Runs until nothing is planned or `isDone`.
    func run(while isWanted: () -> Bool) {
        while isWanted(), let first = heap.first { runFirst(first) }
    }

    private func runFirst(_ first: Entry) {
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown()
        }
        now = max(now, first.time)
        first.action()
    }

    private static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
        left.time < right.time || (left.time == right.time && left.number < right.number)
    }

    private func siftUp(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard Self.isBefore(heap[index], heap[parent]) else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    private func siftDown() {
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < heap.count && Self.isBefore(heap[child], heap[least]) { least = child }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
