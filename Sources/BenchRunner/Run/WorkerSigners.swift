import Presign
import Scenarios
import Transfer

/// What the lanes of one worker sign with, made when the first of them asks for it. One for all:
/// a signer's prepared state is several kilobytes, and stays in the processor's cache while all use
/// the same.
final class WorkerSigners {
    private let endpoint: ScenarioFactory.LocalEndpoint
    private let expiresSeconds: Int
    private let keyPrefix: String
    private let random = RandomSource()

    private(set) lazy var puts: any PutSigning = LocalPutSigner(
        endpoint, expiresSeconds: expiresSeconds, keyPrefix: keyPrefix)
    private(set) lazy var unsignedPuts: any PutSigning = UnsignedPuts(
        endpoint.presigner.endpoint, origin: endpoint.origin, keyPrefix: keyPrefix)
    private(set) lazy var posts: any PostSigning = LocalPostSigner(
        endpoint, expiresSeconds: expiresSeconds, keyPrefix: keyPrefix)

    init(_ endpoint: ScenarioFactory.LocalEndpoint, _ plan: RunPlan) {
        self.endpoint = endpoint
        expiresSeconds = plan.expiresSeconds
        keyPrefix = plan.runName.keyPrefix
    }

    /// For one lane: it keeps the key of the upload that is under way.
    func multipart() -> any MultipartSigning {
        LocalMultipartSigner(
            endpoint, expiresSeconds: expiresSeconds, keyPrefix: keyPrefix,
            random: random)
    }
}
