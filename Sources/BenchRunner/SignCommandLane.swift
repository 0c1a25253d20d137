import Foundation
import Measure
import Presign

/// What a lane does in turns: whole calls, their hash limits, and the stages of a call alone.
enum SigningWork: Int, CaseIterable {
    case put, putLimit, post, postLimit, batch, batchLimit
    case putCanonical, putHash, putText, postCanonical, postHash, postText, key

    var isStage: Bool { rawValue >= Self.putCanonical.rawValue }
}

/// One thread's signers. Nothing in it is shared.
final class SigningLane {
    /// Long enough to hide the clock's own cost, short enough to take turns often.
    private static let batch = 256
    private static let turnNs: Int64 = 5_000_000
    private static let stageTurnNs: Int64 = 1_000_000

    private static let keyPrefix = Array("users/1234567890/".utf8)
    private static let keySuffix = Array(".jpg".utf8)
    private var put: PresignedURLSigner
    private var post: PostFormSigner
    private var putLimit: HashLimit
    private var postLimit: HashLimit
    private var batchLimit: HashLimit
    private var batchSigner = PresignBatchSigner()
    private let random = RandomSource()
    private var key: [UInt8]
    private var line: [UInt8]
    private let lineKeyOffset: Int
    private var answers: [UInt8] = []
    private var bytesMade = 0
    /// Made by the stages' own turns, each before the next needs it.
    private var putStage = SigningStage()
    private var postStage = SigningStage()
    private var digest = SHA256().digest()

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
        func urlLimit() -> HashLimit {
            HashLimit(
                canonicalRequestBytes: request.canonicalRequest.utf8.count,
                signedBytes: request.stringToSign.utf8.count)
        }
        putLimit = urlLimit()
        batchLimit = urlLimit()
        let form = try post.sign(key: keyText, at: time)
        postLimit = HashLimit(canonicalRequestBytes: nil, signedBytes: form.policy.utf8.count)
        let start = Array(
            """
            {"id": "upload-000001", "kind": "url", "inputs": {"access_key": "\(credentials.accessKey)", \
            "secret_key": "\(credentials.secretKey)", "region": "eu-central-1", "bucket": "uploads", \
            "style": "virtual", "expires": 300, "amz_date": "\(time.amzDate)", "key": "
            """.utf8)
        lineKeyOffset = start.count
        line = start + key + Array("\"}, \"request\": null}".utf8)
    }

    func run(durationNs: Int64) throws(SigningError) -> [WorkTally] {
        var tallies = SigningWork.allCases.map { _ in WorkTally() }
        // One turn of each to warm caches and clocks, not counted.
        for work in SigningWork.allCases { _ = try turn(work) }
        guard batchSigner.failedCount == 0 else { throw .headerInvalid(name: "batch line") }
        while tallies[0].wallNs < durationNs, !Interruption.isRequested {
            for work in SigningWork.allCases {
                let (count, wallNs, cpuNs) = try turn(work)
                tallies[work.rawValue].add(count: count, wallNs: wallNs, cpuNs: cpuNs)
            }
        }
        return tallies
    }

    private func turn(
        _ work: SigningWork
    ) throws(SigningError) -> (count: Int, wallNs: Int64, cpuNs: Int64) {
        let turnNs = work.isStage ? Self.stageTurnNs : Self.turnNs
        let (wallStart, cpuStart) = (monotonicNs(), threadCPUNs())
        var count = 0
        while monotonicNs() - wallStart < turnNs {
            let time = SigningTime(unixSeconds: Int64(Glibc.time(nil)))
            try repeated(work, time)
            count += Self.batch
        }
        return (count, monotonicNs() - wallStart, threadCPUNs() - cpuStart)
    }

    private func repeated(_ work: SigningWork, _ time: SigningTime) throws(SigningError) {
        switch work {
        case .put:
            for _ in 0..<Self.batch { bytesMade &+= try freshURL(at: time).utf8.count }
        case .post:
            for _ in 0..<Self.batch {
                let form = try post.sign(key: freshKey(), at: time)
                bytesMade &+= form.policy.utf8.count &+ form.signature.utf8.count
            }
        case .batch: for _ in 0..<Self.batch { answerLine() }
        case .putLimit: for _ in 0..<Self.batch { putLimit.run() }
        case .postLimit: for _ in 0..<Self.batch { postLimit.run() }
        case .batchLimit: for _ in 0..<Self.batch { batchLimit.run() }
        case .key: for _ in 0..<Self.batch { bytesMade &+= freshKey().utf8.count }
        default: stage(work, time)
        }
    }

    private func stage(_ work: SigningWork, _ time: SigningTime) {
        for _ in 0..<Self.batch {
            switch work {
            case .putCanonical:
                putStage = key.withUnsafeBytes { put.canonicalize(key: $0, at: time) }
            case .putHash: digest = put.hash(putStage)
            case .putText: bytesMade &+= put.encode(putStage, digest).utf8.count
            case .postCanonical:
                postStage = key.withUnsafeBytes { post.canonicalize(key: $0, at: time) }
            case .postHash: digest = post.hash(postStage)
            default:
                let (policy, signature) = post.encode(postStage, digest)
                bytesMade &+= policy.utf8.count &+ signature.utf8.count
            }
        }
    }

    /// A line of a batch with a key of its own, answered in JSON.
    private func answerLine() {
        line.withUnsafeMutableBytes { line in
            guard let base = line.baseAddress else { return }
            random.storeUUID(to: base + lineKeyOffset + Self.keyPrefix.count)
        }
        if answers.count > 60_000 { answers.removeAll(keepingCapacity: true) }
        batchSigner.answer(line[...], into: &answers)
    }

    private func freshURL(at time: SigningTime) throws(SigningError) -> String {
        renewKey()
        // A typed error does not pass through withUnsafeBytes.
        return try key.withUnsafeBytes { key in
            Result { () throws(SigningError) in try put.sign(key: key, at: time) }
        }.get()
    }

    private func renewKey() {
        key.withUnsafeMutableBytes { key in
            guard let base = key.baseAddress else { return }
            random.storeUUID(to: base + Self.keyPrefix.count)
        }
    }

    private func freshKey() -> String {
        renewKey()
        return String(unsafeUninitializedCapacity: key.count) { target in
            target.initialize(fromContentsOf: key)
        }
    }
}
