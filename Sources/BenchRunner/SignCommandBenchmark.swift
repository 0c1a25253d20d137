import Foundation
import Measure
import Presign
import Synchronization

struct SigningBenchmarkError: Error {
    let message: String
}

/// What one thread did of one kind of work.
private struct WorkTally: Sendable {
    var count = 0
    var wallNs: Int64 = 0
    var cpuNs: Int64 = 0

    mutating func add(count: Int, wallNs: Int64, cpuNs: Int64) {
        self.count += count
        self.wallNs += wallNs
        self.cpuNs += cpuNs
    }

    static func + (a: WorkTally, b: WorkTally) -> WorkTally {
        WorkTally(
            count: a.count + b.count, wallNs: max(a.wallNs, b.wallNs), cpuNs: a.cpuNs + b.cpuNs)
    }
}

/// Runs the signers and their hash limits in turns.
struct SigningBenchmark {
    let duration: Duration

    fileprivate enum Work: Int, CaseIterable {
        case put, putLimit, post, postLimit
    }

    /// One row per operation, the work spread over the threads.
    func rows(threads: Int) throws(SigningBenchmarkError) -> [SigningRow] {
        let durationNs = Int64(duration / .nanoseconds(1))
        let results = Mutex<[[WorkTally]]>([])
        let failure = Mutex<String?>(nil)
        let started = (0..<threads).map { _ in
            let done = DispatchSemaphore(value: 0)
            let thread = Thread {
                defer { done.signal() }
                do throws(SigningError) {
                    let lane = try SigningLane()
                    let tallies = try lane.run(durationNs: durationNs)
                    results.withLock { $0.append(tallies) }
                } catch {
                    let text = error.description
                    failure.withLock { $0 = text }
                }
            }
            thread.start()
            return done
        }
        for done in started { done.wait() }
        if let message = failure.withLock({ $0 }) { throw SigningBenchmarkError(message: message) }
        let sums = results.withLock { lanes in
            Work.allCases.map { work in lanes.map { $0[work.rawValue] }.reduce(WorkTally(), +) }
        }
        return [
            Self.row(
                "presigned-put", threads, sums[Work.put.rawValue], sums[Work.putLimit.rawValue]),
            Self.row(
                "presigned-post", threads, sums[Work.post.rawValue], sums[Work.postLimit.rawValue]),
        ]
    }

    private static func row(
        _ name: String, _ threads: Int, _ work: WorkTally, _ limit: WorkTally
    ) -> SigningRow {
        SigningRow(
            operation: name, threads: threads, signs: work.count, wallNs: work.wallNs,
            cpuNs: work.cpuNs, hashLimitNs: Double(limit.cpuNs) / Double(limit.count))
    }
}

/// One thread's signers. Nothing in it is shared.
private final class SigningLane {
    /// Long enough to hide the clock's own cost, short enough to take turns often.
    private static let batch = 512
    private static let turnNs: Int64 = 5_000_000

    private static let keyPrefix = Array("users/1234567890/".utf8)
    private static let keySuffix = Array(".jpg".utf8)
    private var put: PresignedURLSigner
    private var post: PostFormSigner
    private var putLimit: HashLimit
    private var postLimit: HashLimit
    private let random = RandomSource()
    private var key: [UInt8]
    private var bytesMade = 0

    init() throws(SigningError) {
        let credentials = Credentials(
            accessKey: "AKIAIOSFODNN7EXAMPLE",
            secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        let endpoint: Endpoint
        do throws(EndpointError) {
            endpoint = try Endpoint(
                style: .virtualHosted, region: "eu-central-1", bucket: "uploads")
        } catch {
            throw .headerInvalid(name: "host")
        }
        let presigner = URLPresigner(credentials: credentials, endpoint: endpoint)
        put = try PresignedURLSigner(presigner, expiresSeconds: 300)
        post = try PostFormSigner(
            credentials: credentials, endpoint: endpoint,
            conditions: [.contentLength(1...10_485_760)], expiresSeconds: 300)
        key = Self.keyPrefix + [UInt8](repeating: 0x30, count: 36) + Self.keySuffix
        let time = SigningTime(unixSeconds: 1_700_000_000)
        let keyText = String(decoding: key, as: UTF8.self)
        let request = try presigner.presign(key: key, expiresSeconds: 300, at: time)
        putLimit = HashLimit(
            canonicalRequestBytes: request.canonicalRequest.utf8.count,
            signedBytes: request.stringToSign.utf8.count)
        let form = try post.sign(key: keyText, at: time)
        postLimit = HashLimit(canonicalRequestBytes: nil, signedBytes: form.policy.utf8.count)
    }

    func run(durationNs: Int64) throws(SigningError) -> [WorkTally] {
        var tallies = SigningBenchmark.Work.allCases.map { _ in WorkTally() }
        // One turn of each to warm caches and clocks, not counted.
        for work in SigningBenchmark.Work.allCases { _ = try turn(work) }
        while tallies[0].wallNs < durationNs {
            for work in SigningBenchmark.Work.allCases {
                let (count, wallNs, cpuNs) = try turn(work)
                tallies[work.rawValue].add(count: count, wallNs: wallNs, cpuNs: cpuNs)
            }
        }
        return tallies
    }

    private func turn(
        _ work: SigningBenchmark.Work
    ) throws(SigningError) -> (count: Int, wallNs: Int64, cpuNs: Int64) {
        let (wallStart, cpuStart) = (monotonicNs(), threadCPUNs())
        var count = 0
        while monotonicNs() - wallStart < Self.turnNs {
            let time = SigningTime(unixSeconds: Int64(Glibc.time(nil)))
            for _ in 0..<Self.batch { try once(work, time) }
            count += Self.batch
        }
        return (count, monotonicNs() - wallStart, threadCPUNs() - cpuStart)
    }

    @inline(__always)
    private func once(_ work: SigningBenchmark.Work, _ time: SigningTime) throws(SigningError) {
        switch work {
        case .put: bytesMade &+= try put.sign(key: freshKey(), at: time).utf8.count
        case .post: bytesMade &+= try post.sign(key: freshKey(), at: time).policy.utf8.count
        case .putLimit: putLimit.run()
        case .postLimit: postLimit.run()
        }
    }

    private func freshKey() -> String {
        key.withUnsafeMutableBytes { key in
            guard let base = key.baseAddress else { return }
            random.storeUUID(to: base + Self.keyPrefix.count)
        }
        return String(unsafeUninitializedCapacity: key.count) { target in
            target.initialize(fromContentsOf: key)
        }
    }
}
