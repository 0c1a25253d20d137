import Measure
import Synchronization

/// The seconds of a cell that is under way, added up over its workers: each hands its own over once a
/// second, and whoever writes them takes those that all workers are through with.
final class LiveTimeline: Sendable {
    private struct State {
        /// From `first` on, as far as any worker has come.
        var waiting: [Timeline.Second] = []
        var first = 0
        /// By worker: so many seconds were handed over.
        var counts: [Int]
    }

    private let state: Mutex<State>

    init(workers: Int) {
        state = Mutex(State(counts: Array(repeating: 0, count: workers)))
    }

    /// Called by a worker with the seconds that follow those of its last call.
    ///
    /// - Parameter isLast: the worker has ended; nobody waits for it any more.
    func add(_ seconds: [Timeline.Second], worker: Int, isLast: Bool = false) {
        state.withLock { state in
            for second in seconds {
                let index = state.counts[worker] - state.first
                while state.waiting.count <= index { state.waiting.append(Timeline.Second()) }
                state.waiting[index].merge(second)
                state.counts[worker] += 1
            }
            if isLast { state.counts[worker] = .max }
        }
    }

    /// The seconds that are complete and were not taken before, in their order.
    func take() -> [Timeline.Second] {
        state.withLock { state in
            let until = min(state.counts.min() ?? 0, state.first + state.waiting.count)
            guard until > state.first else { return [] }
            let taken = Array(state.waiting.prefix(until - state.first))
            state.waiting.removeFirst(taken.count)
            state.first = until
            return taken
        }
    }
}
