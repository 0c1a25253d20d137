import Foundation
import Measure
import Presign
import Scenarios
import Transfer

/// Makes a strategy for each lane of a cell.
struct ScenarioFactory: Sendable {
    private let plan: RunPlan
    private let gateway: GatewayAPI?
    private let edge: GatewayAPI?
    /// For `--signer local`: the endpoints to sign for, by whether they accelerate.
    private let direct: LocalEndpoint?
    private let accelerated: LocalEndpoint?
    /// Of all forms of a run, made anew for each: 128 random bits, which no file was made to hold. One
    /// that followed from the seed would cut a file that holds it, and the server would call that
    /// well-formed. Its length is always the same, and so are the bytes on the wire.
    private let boundary = "uploadbench-" + RandomText.make(bytes: 16)

    struct LocalEndpoint: Sendable {
        let presigner: URLPresigner
        let origin: Origin
        let credentials: LiveCredentials?
    }

    /// - Throws: a usage error for a URL that is none.
    init(_ plan: RunPlan, _ target: RunTarget) throws(CommandError) {
        self.plan = plan
        guard plan.client.kind != .chromium else {
            throw .usage("--client chromium goes with run; here take --client browser")
        }
        guard plan.signer == .gateway else {
            (gateway, edge) = (nil, nil)
            direct = try Self.local(target, target.storeURL, target.storeStyle, "--target")
            accelerated = try target.accelerateURL.map { url throws(CommandError) in
                try Self.local(target, url, .customVirtualHosted, "--accelerate")
            }
            return
        }
        (direct, accelerated) = (nil, nil)
        gateway = try Self.api(target, target.gatewayURL ?? "", "--gateway")
        edge = try target.edgeURL.map { url throws(CommandError) in
            try Self.api(target, url, "--edge")
        }
    }

    /// Makes the strategies of one worker, whose lanes share what they sign with: to be called on
    /// its thread only.
    func maker(for cell: Cell) -> (_ lane: Int) -> any Scenario {
        let endpoint = cell.scenario.isAccelerated ? accelerated : direct
        let signers = endpoint.map { WorkerSigners($0, plan) }
        return { _ in
            let scenario =
                gateway.map { throughGateway($0, cell) } ?? signedHere(cell, signers)
            guard plan.client.kind == .browser else { return scenario }
            // Who comes for the first time has no answers to preflights either.
            return BrowserClient(
                wrapping: scenario, forgetsBetweenUploads: plan.client.connections == .fresh)
        }
    }

    private func throughGateway(_ api: GatewayAPI, _ cell: Cell) -> any Scenario {
        let isAccelerated = cell.scenario.isAccelerated
        let names = plan.api.namesRequests ? RandomSource() : nil
        switch cell.scenario {
        case .proxyJSON: return ProxyJSON(api, names: names)
        case .proxyBinary: return ProxyBinary(api)
        case .edgeRedirect:
            return EdgeRedirect(
                edge: edge ?? api, api: api,
                expectsContinue: plan.client.expectsContinue && plan.client.kind == .native)
        case .presignedPut, .acceleratedPut:
            return PresignedPut(.gateway(api), isAccelerated: isAccelerated)
        case .presignedPost, .acceleratedPost:
            return PresignedPost(
                .gateway(api), boundary: boundary, isAccelerated: isAccelerated)
        case .presignedMultipart, .acceleratedMultipart:
            return PresignedMultipart(
                .gateway(api), partBytes: plan.client.partBytes, window: plan.client.partWindow,
                isAccelerated: isAccelerated, retriesParts: plan.retry == .parts, names: names)
        }
    }

    private func signedHere(_ cell: Cell, _ signers: WorkerSigners?) -> any Scenario {
        guard let signers else {
            preconditionFailure("the plan has no strategy that the target lacks")
        }
        switch cell.scenario {
        case .presignedPost, .acceleratedPost:
            return PresignedPost(.local(signers.posts), boundary: boundary)
        case .presignedMultipart, .acceleratedMultipart:
            return PresignedMultipart(
                .local(signers.multipart()), partBytes: plan.client.partBytes,
                window: plan.client.partWindow, retriesParts: plan.retry == .parts)
        case _ where plan.signer == .nobody: return PresignedPut(.local(signers.unsignedPuts))
        default: return PresignedPut(.local(signers.puts))
        }
    }

    static func local(
        _ target: RunTarget, _ url: String, _ style: Endpoint.Style, _ flag: String
    ) throws(CommandError) -> LocalEndpoint {
        let endpoint: Endpoint
        do throws(EndpointError) {
            endpoint = try Endpoint(
                style: style, region: target.region, bucket: target.bucket, url: url)
        } catch {
            throw .usage("\(flag): \(error)")
        }
        let credentials = Credentials(
            accessKey: target.accessKey ?? "", secretKey: target.secretKey ?? "",
            sessionToken: target.sessionToken)
        return LocalEndpoint(
            presigner: URLPresigner(credentials: credentials, endpoint: endpoint),
            origin: try origin("\(endpoint.scheme)://\(endpoint.host)", flag),
            credentials: target.credentials)
    }

    static func api(
        _ target: RunTarget, _ url: String, _ flag: String, token: String? = nil
    ) throws(CommandError) -> GatewayAPI {
        GatewayAPI(
            origin: try origin(url, flag), pathPrefix: pathPrefix(url), bucket: target.bucket,
            token: token ?? target.apiToken)
    }

    private static func origin(_ url: String, _ flag: String) throws(CommandError) -> Origin {
        guard let origin = Origin(url: url) else {
            throw .usage("\(flag): '\(RunRecord.withoutSecrets(url))' is not an http or https URL")
        }
        return origin
    }

    /// The API's path without its last slash: `/prod` of a stage's URL.
    private static func pathPrefix(_ url: String) -> String {
        (URLComponents(string: url)?.percentEncodedPath ?? "").dropLastSlash
    }
}
