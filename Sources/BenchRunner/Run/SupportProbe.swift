import Foundation
import Presign
import Scenarios
import Transfer

/// An answer of a server that has no such operation, as opposed to one that refuses this request.
struct UnsupportedAnswer: Sendable, Equatable {
    let status: Int
    let errorCode: String

    private static let statuses: Set<Int> = [405, 501]
    private static let codes: Set<String> = [
        "MethodNotAllowed", "NotImplemented", "UnsupportedAlgorithm", "UnsupportedOperation",
    ]

    /// nil for every other answer, and for none.
    init?(status: Int?, errorCode: String) {
        guard let status, status >= 400,
            Self.statuses.contains(status) || Self.codes.contains(errorCode)
        else { return nil }
        self.status = status
        self.errorCode = errorCode
    }

    var text: String { errorCode.isEmpty ? "\(status)" : "\(status) \(errorCode)" }
}

/// Asks a server that is not AWS's, before it is loaded, whether it takes forms at all: many do not, and
/// thousands of refusals would say no more than one.
struct SupportProbe {
    let plan: RunPlan
    let target: RunTarget

    /// Sends one small form, and deletes what came of it.
    ///
    /// - Returns: what the server said; nil when it takes forms, or when it cannot be told.
    func formsUnsupported() throws(CommandError) -> UnsupportedAnswer? {
        guard !target.isEmbedded, plan.signer == .local, plan.scenarios.contains(.presignedPost)
        else { return nil }
        let endpoint = try ScenarioFactory.local(
            target, target.storeURL, target.storeStyle, "--target")
        let signer = NotingPostSigner(
            LocalPostSigner(
                endpoint, expiresSeconds: plan.expiresSeconds,
                keyPrefix: plan.runName.keyPrefix))
        let client = try SequentialClient(plan.client.engineSettings(target))
        let scenario = PresignedPost(
            .local(signer), boundary: "uploadbench-" + RandomText.make(bytes: 16))
        let now = GuardContexts.now
        guard
            case .send(let form) = scenario.begin(Self.content(), unixSeconds: now.unixSeconds),
            case .success(let answer) = client.send(form.request)
        else { return nil }
        let requests = SignedRequests(
            GuardContext.Store(presigner: endpoint.presigner, origin: endpoint.origin))
        if answer.status < 300, let key = signer.key {
            _ = client.send(requests.delete(key, at: now), isCleaning: true)
        }
        return UnsupportedAnswer(
            status: answer.status, errorCode: ErrorCode.find(in: answer.body))
    }

    private static func content() -> UploadContent {
        UploadContent(
            payload: Payload(byteCount: 64, prefix: [], seed: 1),
            contentType: "application/octet-stream", fileName: "probe.bin")
    }
}

/// Knows the key of the last form.
private final class NotingPostSigner: PostSigning {
    private let signer: LocalPostSigner
    private(set) var key: String?

    init(_ signer: LocalPostSigner) { self.signer = signer }

    func signedForm(for content: UploadContent, unixSeconds: Int64) throws -> SignedForm {
        let form = try signer.signedForm(for: content, unixSeconds: unixSeconds)
        key = form.fields.first { $0.name.lowercased() == "key" }?.value
        return form
    }
}
