import Foundation
import Presign
import Scenarios
import Transfer

/// Makes a strategy for each lane of a cell.
struct ScenarioFactory: Sendable {
    private let plan: RunPlan
    private let target: RunTarget
    private let gateway: GatewayAPI?
    private let storeOrigin: Origin
    private let presigner: URLPresigner?

    /// - Throws: a usage error for a URL that is none.
    init(_ plan: RunPlan, _ target: RunTarget) throws(CommandError) {
        self.plan = plan
        self.target = target
        guard let storeOrigin = Origin(url: target.storeURL) else {
            throw .usage("--target: '\(target.storeURL)' is not an http or https URL")
        }
        self.storeOrigin = storeOrigin
        guard plan.signer == .gateway else {
            gateway = nil
            presigner = try Self.presigner(target)
            return
        }
        presigner = nil
        guard let url = target.gatewayURL, let origin = Origin(url: url) else {
            throw .usage("--gateway: '\(target.gatewayURL ?? "")' is not an http or https URL")
        }
        gateway = GatewayAPI(
            origin: origin, pathPrefix: Self.pathPrefix(url), bucket: target.bucket,
            token: target.apiToken)
    }

    /// Path style: every S3 takes it, whatever names resolve to it.
    private static func presigner(_ target: RunTarget) throws(CommandError) -> URLPresigner {
        do throws(EndpointError) {
            let endpoint = try Endpoint(
                style: .customPath, region: target.region, bucket: target.bucket,
                url: target.storeURL)
            let credentials = Credentials(
                accessKey: target.accessKey ?? "", secretKey: target.secretKey ?? "",
                sessionToken: target.sessionToken)
            return URLPresigner(credentials: credentials, endpoint: endpoint)
        } catch {
            throw .usage("\(error)")
        }
    }

    func make(_ cell: Cell, worker: Int, lane: Int) -> any Scenario {
        let boundary = boundary(cell, worker: worker, lane: lane)
        switch (cell.scenario, gateway, presigner) {
        case ("presigned-put", .some(let api), _): return PresignedPut(.gateway(api))
        case (_, .some(let api), _): return PresignedPost(.gateway(api), boundary: boundary)
        case ("presigned-put", _, .some(let presigner)):
            let signer = LocalPutSigner(
                presigner, origin: storeOrigin, expiresSeconds: plan.expiresSeconds)
            return PresignedPut(.local(signer))
        case (_, _, .some(let presigner)):
            let signer = LocalPostSigner(
                presigner, origin: storeOrigin, expiresSeconds: plan.expiresSeconds)
            return PresignedPost(.local(signer), boundary: boundary)
        case (_, .none, .none): preconditionFailure("init has made one of them")
        }
    }

    /// 128 bits that follow from the seed.
    private func boundary(_ cell: Cell, worker: Int, lane: Int) -> String {
        let position = UInt64(cell.round) << 40 ^ UInt64(worker) << 24 ^ UInt64(lane)
        var random = SeededRandom(seed: plan.seed ^ position &* 0xD134_2543_DE82_EF95)
        return "uploadbench-" + String(random.next(), radix: 16) + String(random.next(), radix: 16)
    }

    /// The API's path without its last slash: `/prod` of a stage's URL.
    private static func pathPrefix(_ url: String) -> String {
        (URLComponents(string: url)?.percentEncodedPath ?? "").dropLastSlash
    }
}
