import Foundation
import Measure
import NetIO
import Presign
import Scenarios
import Transfer

/// What the bucket's owner may do below the run's prefix, and what the server can.
final class DoctorOwner {
    private let client: SequentialClient
    private let requests: SignedRequests
    private let target: RunTarget
    private let prefix: String
    private let settings: TransferConfiguration
    private static let body = Array("uploadbench doctor".utf8)
    private static let rateLooks = 20

    init(
        _ client: SequentialClient, _ store: GuardContext.Store, _ target: RunTarget,
        prefix: String, _ settings: TransferConfiguration
    ) {
        self.client = client
        requests = SignedRequests(store)
        self.target = target
        self.prefix = prefix
        self.settings = settings
    }

    private var key: String { prefix + "doctor.txt" }
    private var now: SigningTime { GuardContexts.now }
    private var source: String { target.credentials?.current.source ?? "nobody" }

    func permissions() -> [DoctorCheck] {
        let put = check("put", "PutObject", requests.put(key, .bytes(Self.body), at: now))
        var checks = [list(), put]
        guard put.outcome == .pass else {
            return checks + ["get", "checksum", "rate", "delete"].map(untried)
        }
        checks += [get(), checksum(), rate()]
        return checks + [delete()]
    }

    private func untried(_ id: String) -> DoctorCheck {
        DoctorCheck(id, .notTried, "nothing could be put")
    }

    // MARK: Single operations

    private func list() -> DoctorCheck {
        check("list", "ListObjectsV2", requests.listObjects(prefix: prefix, at: now))
    }

    private func get() -> DoctorCheck {
        let request = requests.signed("GET", key: key, at: now)
        return check("get", "GetObject", request) { answer in
            answer.body == Self.body ? nil : "answers other bytes than were put"
        }
    }

    private func delete() -> DoctorCheck {
        let deleted = check(
            "delete", "DeleteObject", requests.delete(key, at: now), good: [200, 204])
        guard deleted.outcome == .pass else { return deleted }
        guard
            case .success(let answer) = client.send(requests.head(key, at: now), isCleaning: true),
            answer.status == 200
        else { return deleted }
        return DoctorCheck(
            "delete", .fail, "DeleteObject answers as if it had, and the object is there")
    }

    /// One of each: what is right is taken, and what is wrong is refused.
    private func checksum() -> DoctorCheck {
        let digest = SHA256.digest(Self.body)
        let put = { (digest: SHA256Digest) in
            self.requests.signed(
                "PUT", key: self.key,
                fields: [("x-amz-checksum-sha256", Base64.encode(digest.bytes))],
                body: [.bytes(Self.body)], at: self.now)
        }
        let right = client.send(put(digest))
        guard case .success(let taken) = right, taken.status == 200 else {
            return DoctorCheck(
                "checksum", .notSupported, "x-amz-checksum-sha256: \(Self.text(right))")
        }
        let wrong = client.send(put(SHA256.digest([])))
        guard case .success(let refused) = wrong, refused.status == 400 else {
            return DoctorCheck(
                "checksum", .notSupported,
                "a wrong x-amz-checksum-sha256 is not refused (\(Self.text(wrong)))",
                advice: [
                    "what arrives is not checked end to end there: compare ETags (MD5) instead"
                ])
        }
        return DoctorCheck("checksum", .pass, "x-amz-checksum-sha256 is verified")
    }

    func multipart() -> DoctorCheck {
        let key = prefix + "doctor-parts.txt"
        let created = client.send(
            requests.signed("POST", key: key, query: [("uploads", "")], at: now))
        guard case .success(let answer) = created, answer.status == 200,
            let id = XMLText.text("UploadId", in: String(decoding: answer.body, as: UTF8.self))
        else { return failed("multipart", "CreateMultipartUpload", created) }
        let part = client.send(
            requests.signed(
                "PUT", key: key, query: [("partNumber", "1"), ("uploadId", id)],
                body: [.bytes(Self.body)], at: now))
        let listed = client.send(requests.listUploads(prefix: key, at: now))
        let aborted = client.send(requests.abort(id, of: key, at: now), isCleaning: true)
        guard case .success(let taken) = part, taken.status == 200 else {
            return failed("multipart", "UploadPart", part)
        }
        guard case .success(let gone) = aborted, (200...204).contains(gone.status) else {
            return failed("multipart", "AbortMultipartUpload", aborted)
        }
        guard case .success(let list) = listed, list.status == 200 else {
            return failed("multipart", "ListMultipartUploads", listed)
        }
        return DoctorCheck("multipart", .pass, "created, listed, a part taken, aborted")
    }

    func acceleration() -> DoctorCheck {
        let result = client.send(requests.signed("GET", query: [("accelerate", "")], at: now))
        let advice = DoctorAdvice.acceleration(bucket: target.bucket)
        guard case .success(let answer) = result, answer.status == 200 else {
            if case .success(let answer) = result, answer.status == 403 {
                return DoctorCheck(
                    "acceleration", .notTried, "its state may not be read (\(Self.text(result)))",
                    advice: ["s3:GetAccelerateConfiguration lets it be read"])
            }
            return DoctorCheck("acceleration", .notSupported, Self.text(result))
        }
        let text = String(decoding: answer.body, as: UTF8.self)
        switch XMLText.text("Status", in: text) {
        case "Enabled": return DoctorCheck("acceleration", .pass, "enabled")
        case "Suspended":
            return DoctorCheck("acceleration", .notSupported, "suspended", advice: advice)
        // A server that knows no ?accelerate lists the bucket instead.
        case nil where !text.contains("AccelerateConfiguration"):
            return DoctorCheck("acceleration", .notSupported, "the server has none")
        default:
            return DoctorCheck("acceleration", .notSupported, "never enabled", advice: advice)
        }
    }

    /// Puts one after the other on one connection: what a single client can do.
    private func rate() -> DoctorCheck {
        var times: [Double] = []
        for _ in 0..<Self.rateLooks {
            let start = monotonicNs()
            let result = client.send(requests.put(key, .bytes(Self.body), at: now))
            guard case .success(let answer) = result, answer.status == 200 else {
                return DoctorCheck("rate", .fail, "a PUT failed: \(Self.text(result))")
            }
            times.append(Double(monotonicNs() - start) / 1000)
        }
        let median = times.sorted()[times.count / 2]
        return DoctorCheck(
            "rate", .pass,
            "a small PUT takes \(Readable.microseconds(median)): about \(Int(1e6 / median)) per second and"
                + " connection",
            advice: target.storeStyle == .customVirtualHosted
                ? [
                    "S3 takes 3,500 PUTs per second and prefix, more only as it splits prefixes under load"
                        + " (503 SlowDown until then): use --retry standard, and begin below"
                ] : [])
    }

    // MARK: Pages

    func cors(origin: String?) -> [DoctorCheck] {
        guard let origin else {
            return ["cors-put", "cors-post", "cors-etag"].map {
                DoctorCheck($0, .notTried, "no page was named: --origin https://app.example")
            }
        }
        let advice = DoctorAdvice.cors(
            bucket: target.bucket, origin: origin,
            endpoint: RunRecord.withoutSecrets(target.storeURL))
        return [
            preflight("PUT", origin, advice), preflight("POST", origin, advice),
            etag(origin, advice),
        ]
    }

    private func preflight(_ method: String, _ origin: String, _ advice: [String]) -> DoctorCheck {
        let id = "cors-" + method.lowercased()
        let result = client.send(
            requests.unsigned(
                "OPTIONS", key: method == "PUT" ? key : nil,
                fields: [
                    ("Origin", origin), ("Access-Control-Request-Method", method),
                    ("Access-Control-Request-Headers", "content-type"),
                ]))
        guard case .success(let answer) = result else {
            return DoctorCheck(id, .fail, Self.text(result))
        }
        let allowed = answer.headers.first("Access-Control-Allow-Origin") ?? ""
        let methods = answer.headers.first("Access-Control-Allow-Methods") ?? ""
        guard (200...299).contains(answer.status), [origin, "*"].contains(allowed),
            methods.contains(method) || methods.contains("*")
        else {
            let code = ErrorCode.find(in: answer.body)
            let isUnknown = UnsupportedAnswer(status: answer.status, errorCode: code) != nil
            return DoctorCheck(
                id, isUnknown ? .notSupported : .fail,
                "pages of \(origin) may not \(method): the preflight is answered \(Self.text(result))",
                advice: isUnknown ? [] : advice)
        }
        return DoctorCheck(id, .pass, "pages of \(origin) may \(method)")
    }

    /// A page must read each part's ETag to complete a multipart upload.
    private func etag(_ origin: String, _ advice: [String]) -> DoctorCheck {
        let result = client.send(
            requests.signed(
                "PUT", key: key, fields: [("Origin", origin)], body: [.bytes(Self.body)], at: now))
        guard case .success(let answer) = result, answer.status == 200 else {
            return DoctorCheck("cors-etag", .notTried, "nothing could be put: \(Self.text(result))")
        }
        _ = client.send(requests.delete(key, at: now), isCleaning: true)
        let exposed = (answer.headers.first("Access-Control-Expose-Headers") ?? "").lowercased()
        guard exposed.contains("etag") || exposed.contains("*") else {
            return DoctorCheck(
                "cors-etag", .fail,
                "pages of \(origin) cannot read ETag, which multipart uploads need",
                advice: advice)
        }
        return DoctorCheck("cors-etag", .pass, "pages of \(origin) can read ETag")
    }

    // MARK: Answers

    private func check(
        _ id: String, _ operation: String, _ request: Request, good: [Int] = [200],
        _ problem: (Answer) -> String? = { _ in nil }
    ) -> DoctorCheck {
        let result = client.send(request)
        guard case .success(let answer) = result, good.contains(answer.status) else {
            return failed(id, operation, result)
        }
        if let problem = problem(answer) {
            return DoctorCheck(id, .fail, "\(operation) \(problem)")
        }
        return DoctorCheck(id, .pass, "\(operation) below \(prefix)")
    }

    private func failed(
        _ id: String, _ operation: String, _ result: Result<Answer, FailedTransfer>
    ) -> DoctorCheck {
        guard case .success(let answer) = result else {
            return DoctorCheck(id, .fail, "\(operation): \(Self.text(result))")
        }
        let code = ErrorCode.find(in: answer.body)
        if UnsupportedAnswer(status: answer.status, errorCode: code) != nil {
            return DoctorCheck(id, .notSupported, "\(operation): \(Self.text(result))")
        }
        var advice = DoctorAdvice.credentials(code, source: source)
        switch code {
        case "NoSuchBucket": advice = ["there is no bucket '\(target.bucket)': check --bucket"]
        case "PermanentRedirect", "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException":
            let region = answer.headers.first("x-amz-bucket-region")
            advice = ["the bucket is in another region: --region \(region ?? "NAME")"]
        default: break
        }
        if advice == nil, answer.status == 403 {
            advice = DoctorAdvice.policy(bucket: target.bucket, prefix: RunName.root)
        }
        return DoctorCheck(
            id, .fail, "\(operation): \(Self.text(result))", advice: advice ?? [])
    }

    static func text(_ result: Result<Answer, FailedTransfer>) -> String {
        switch result {
        case .failure(let failed): failed.failure.message
        case .success(let answer):
            "\(answer.status) \(ErrorCode.find(in: answer.body))".trimmingCharacters(
                in: .whitespaces)
        }
    }
}
