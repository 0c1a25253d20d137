import Foundation
import Presign
import Scenarios

/// Makes what each attempt is told: addresses, signers, a name and the time.
struct GuardContexts {
    private let plan: GuardPlan
    let direct: GuardContext.Store
    private let accelerated: GuardContext.Store?
    private let api: GatewayAPI?
    private let expiredAPI: GatewayAPI?
    private let edge: GatewayAPI?
    private let expiredEdge: GatewayAPI?
    private let files: GuardFiles
    private let random = RandomSource()
    let run: String

    init(_ plan: GuardPlan, _ target: RunTarget, run: String) throws(CommandError) {
        self.plan = plan
        self.run = run
        direct = Self.store(
            try ScenarioFactory.local(target, target.storeURL, target.storeStyle, "--target"))
        accelerated = try target.accelerateURL.map { url throws(CommandError) in
            Self.store(
                try ScenarioFactory.local(target, url, .customVirtualHosted, "--accelerate"))
        }
        let usesAPI = plan.base.signer == .gateway
        api = try Self.api(target, usesAPI ? target.gatewayURL : nil, "--gateway", token: nil)
        edge = try Self.api(target, usesAPI ? target.edgeURL : nil, "--edge", token: nil)
        // As long as a real one, and known to nobody.
        let expired = target.apiToken.map { token in
            String("expired\(run)\(token.map { _ in "0" }.joined())".prefix(max(8, token.count)))
        }
        let hasToken = expired != nil
        expiredAPI = try Self.api(
            target, usesAPI && hasToken ? target.gatewayURL : nil, "--gateway", token: expired)
        expiredEdge = try Self.api(
            target, usesAPI && hasToken ? target.edgeURL : nil, "--edge", token: expired)
        let usual = plan.limitBytes + 1
        files = GuardFiles(
            largestBytes: plan.triesLargeFiles ? plan.largestFileBytes : usual,
            largestLyingBytes: usual, seed: plan.base.seed)
    }

    func make(for strategy: Strategy) -> GuardContext {
        let limits = GuardContext.Limits(
            smallestBytes: plan.smallestBytes, largestBytes: plan.limitBytes,
            capBytes: plan.largestFileBytes,
            apiBodyBytes: plan.base.proxyLimits.gatewayBodyBytes,
            lambdaEventBytes: plan.base.proxyLimits.lambdaEventBytes)
        var context = GuardContext(
            direct: direct, store: strategy.isAccelerated ? accelerated ?? direct : direct,
            isAccelerated: strategy.isAccelerated, limits: limits, files: files,
            expiresSeconds: plan.base.expiresSeconds, partBytes: plan.base.client.partBytes,
            run: run, name: random.uuid(), boundary: "uploadbench-" + random.uuid(),
            now: Self.now)
        context.api = api
        context.apiWithExpiredToken = expiredAPI
        guard strategy == .edgeRedirect else { return context }
        context.edge = edge
        context.edgeWithExpiredToken = expiredEdge
        return context
    }

    static var now: SigningTime { SigningTime(unixSeconds: Int64(Date().timeIntervalSince1970)) }

    private static func store(_ endpoint: ScenarioFactory.LocalEndpoint) -> GuardContext.Store {
        GuardContext.Store(presigner: endpoint.presigner, origin: endpoint.origin)
    }

    private static func api(
        _ target: RunTarget, _ url: String?, _ flag: String, token: String?
    ) throws(CommandError) -> GatewayAPI? {
        try url.map { url throws(CommandError) in
            try ScenarioFactory.api(target, url, flag, token: token)
        }
    }
}
