import Foundation

/// Where a run's requests go, and what it may sign with.
struct RunTarget: Sendable {
    let storeURL: String
    let gatewayURL: String?
    let bucket: String
    let region: String
    /// For `--signer local`; nil when only the gateway signs.
    let accessKey: String?
    let secretKey: String?
    let sessionToken: String?
    /// The gateway's bearer token.
    let apiToken: String?
    let isEmbedded: Bool
}

extension RunTarget {
    /// A target that is already there; keys and token come from the environment only, because a
    /// command line is visible to every user of the machine.
    init(
        url: String, plan: RunPlan,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CommandError) {
        storeURL = url
        gatewayURL = plan.gatewayURL
        bucket = plan.bucket ?? ""
        region =
            plan.region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
            ?? "us-east-1"
        accessKey = environment["AWS_ACCESS_KEY_ID"]
        secretKey = environment["AWS_SECRET_ACCESS_KEY"]
        sessionToken = environment["AWS_SESSION_TOKEN"]
        apiToken = environment["UPLOADBENCH_TOKEN"]
        isEmbedded = false
        if plan.signer == .local, accessKey == nil || secretKey == nil {
            throw .usage(
                "--signer local needs credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        }
    }

    /// What `serve` wrote into its ready file.
    init(readyFile data: Data) throws(CommandError) {
        struct Ready: Decodable {
            let store: String
            let gateway: String?
            let bucket: String
            let region: String
            let access_key: String
            let secret_key: String
            let token: String?
        }
        guard let ready = try? JSONDecoder().decode(Ready.self, from: data) else {
            throw CommandError(
                exitCode: .targetUnavailable,
                message: "the embedded endpoint's ready file cannot be read")
        }
        storeURL = ready.store
        gatewayURL = ready.gateway
        bucket = ready.bucket
        region = ready.region
        accessKey = ready.access_key
        secretKey = ready.secret_key
        sessionToken = nil
        apiToken = ready.token
        isEmbedded = true
    }
}
