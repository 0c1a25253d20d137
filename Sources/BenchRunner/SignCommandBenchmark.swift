import Foundation
import Measure
import NetIO
import Presign
import Synchronization

struct SigningBenchmarkError: Error {
    let message: String
}

/// What one thread did of one kind of work.
struct WorkTally: Sendable {
    var count = 0
    var wallNs: Int64 = 0
    var cpuNs: Int64 = 0

    mutating func add(count: Int, wallNs: Int64, cpuNs: Int64) {
        self.count += count
        self.wallNs += wallNs
        self.cpuNs += cpuNs
    }

    var nsEach: Double { Double(cpuNs) / Double(count) }

    static func + (a: WorkTally, b: WorkTally) -> WorkTally {
        WorkTally(
            count: a.count + b.count, wallNs: max(a.wallNs, b.wallNs), cpuNs: a.cpuNs + b.cpuNs)
    }
}

/// Runs the signers and their hash limits in turns.
struct SigningBenchmark {
    let duration: Duration

    /// One row per operation, the work spread over the threads.
    func rows(threads: Int) throws(SigningBenchmarkError) -> [SigningRow] {
        let durationNs = Int64(duration / .nanoseconds(1))
        let results = Mutex<[[WorkTally]]>([])
        let failure = Mutex<String?>(nil)
        let done = DispatchGroup()
        for _ in 0..<threads {
            done.enter()
            let work = {
                defer { done.leave() }
                do throws(SigningError) {
                    let lane = try SigningLane()
                    let tallies = try lane.run(durationNs: durationNs)
                    results.withLock { $0.append(tallies) }
                } catch {
                    let text = error.description
                    failure.withLock { $0 = text }
                }
            }
            do throws(SystemError) {
                try SystemThread.start(work)
            } catch {
                failure.withLock { $0 = "\(error)" }
                done.leave()
                break
            }
        }
        done.wait()
        if let message = failure.withLock({ $0 }) { throw SigningBenchmarkError(message: message) }
        let sums = results.withLock { lanes in
            SigningWork.allCases.map { work in
                lanes.map { $0[work.rawValue] }.reduce(WorkTally(), +)
            }
        }
        func sum(_ work: SigningWork) -> WorkTally { sums[work.rawValue] }
        return [
            SigningRow(
                "presigned-put", threads, sum(.put), limit: sum(.putLimit),
                stages: [sum(.putCanonical), sum(.putHash), sum(.putText)]),
            SigningRow(
                "presigned-post", threads, sum(.post), limit: sum(.postLimit),
                stages: [sum(.postCanonical), sum(.postHash), sum(.postText)]),
            SigningRow("presign-batch", threads, sum(.batch), limit: sum(.batchLimit)),
            SigningRow("object-key", threads, sum(.key)),
        ]
    }
}

extension SigningRow {
    /// - Parameter stages: canonicalisation, hashing, encoding.
    fileprivate init(
        _ name: String, _ threads: Int, _ work: WorkTally, limit: WorkTally? = nil,
        stages: [WorkTally] = []
    ) {
        operation = name
        self.threads = threads
        signs = work.count
        wallNs = work.wallNs
        cpuNs = work.cpuNs
        hashLimitNs = limit?.nsEach
        stageShares = stages.map { $0.nsEach / work.nsEach }
    }
}
