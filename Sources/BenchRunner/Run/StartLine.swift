import CLinux
import Foundation
import Measure
import NetIO
import Synchronization

/// Lets the workers of a cell start together, each after it has made what it needs: no upload is
/// late because a thread or an engine was still being made.
final class StartLine {
    private let shared = Shared()
    private let ready = DispatchGroup()
    private let go = DispatchGroup()
    private let over = DispatchGroup()
    private var threads = 0
    /// What the threads share. The control is written before they are let go.
    private final class Shared: Sendable {
        let control = Mutex<CellControl?>(nil)
        let results = Mutex<[Int: WorkerResult]>([:])
        let failure = Mutex<String?>(nil)
    }

    init() { go.enter() }

    /// Starts a thread that makes its worker and waits for `start`.
    func addWorker(named name: String, _ make: @escaping () throws -> Worker) {
        let index = threads
        threads += 1
        ready.enter()
        over.enter()
        let (shared, ready, go, over) = (shared, ready, go, over)
        // Only the new thread uses it from here on.
        nonisolated(unsafe) let make = make
        let fail = { (error: any Error) in
            let code = (error as? SystemError)?.code ?? 0
            let advice = DescriptorLimit.advice(code).map { "; " + $0 } ?? ""
            shared.failure.withLock { $0 = "\(error)" + advice }
            ready.leave()
        }
        let work = {
            defer { over.leave() }
            clinux_name_thread(name)
            do {
                let worker = try make()
                ready.leave()
                go.wait()
                guard let control = shared.control.withLock({ $0 }) else { return }
                let result = worker.run(control)
                shared.results.withLock { $0[index] = result }
            } catch {
                fail(error)
            }
        }
        do throws(SystemError) {
            try SystemThread.start(work)
        } catch {
            fail(error)
            over.leave()
        }
    }

    /// Waits until all workers are ready, and lets them go.
    func start(
        _ control: (_ startNs: () -> Int64) -> CellControl
    ) throws(CommandError) -> CellControl {
        ready.wait()
        if let reason = shared.failure.withLock({ $0 }) {
            go.leave()
            over.wait()
            throw CommandError(
                exitCode: .failure, message: "a worker could not start: \(reason)")
        }
        let made = control { monotonicNs() }
        shared.control.withLock { $0 = made }
        go.leave()
        return made
    }

    func isOver(within time: DispatchTimeInterval) -> Bool {
        over.wait(timeout: .now() + time) == .success
    }

    /// Of all workers, once they are over.
    var results: [WorkerResult] { shared.results.withLock { Array($0.values) } }
}
