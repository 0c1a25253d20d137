import Foundation
import Presign

/// Where a run's requests go, and what it may sign with.
struct RunTarget: Sendable {
    let storeURL: String
    let gatewayURL: String?
    let edgeURL: String?
    let accelerateURL: String?
    let bucket: String
    let region: String
    /// For `--signer local`; nil when only the gateway signs.
    let accessKey: String?
    let secretKey: String?
    let sessionToken: String?
    /// The gateway's bearer token.
    let apiToken: String?
    /// The authority of the embedded endpoint's certificates.
    let authoritiesPath: String?
    /// What of the target is emulated; nil for a real one.
    let emulated: EmulatedParts?

    var isEmbedded: Bool { emulated != nil }
    var link: String? { emulated?.link }
}

/// What the embedded endpoint emulates, as `run.json` and the report say it.
struct EmulatedParts: Sendable {
    /// The link's name or parameters.
    let link: String
    /// Each parameter of the links and services in numbers, as JSON.
    let parameters: Data

    var object: [String: Any] {
        let parameters = (try? JSONSerialization.jsonObject(with: parameters)) ?? [:]
        return ["link": link, "parameters": parameters]
    }
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
        edgeURL = plan.edgeURL
        accelerateURL = plan.accelerateURL
        bucket = plan.bucket ?? ""
        region =
            plan.region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
            ?? "us-east-1"
        accessKey = environment["AWS_ACCESS_KEY_ID"]
        secretKey = environment["AWS_SECRET_ACCESS_KEY"]
        sessionToken = environment["AWS_SESSION_TOKEN"]
        apiToken = environment["UPLOADBENCH_TOKEN"]
        authoritiesPath = plan.client.authoritiesPath
        emulated = nil
        if plan.signer == .local, accessKey == nil || secretKey == nil {
            throw .usage(
                "--signer local needs credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        }
    }

    /// Where a recorded run wrote, with the credentials of now.
    init(
        recorded record: RecordedRecord, storeURL url: String?, authoritiesPath: String?,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CommandError) {
        let target = record.json["target"]
        guard let store = url ?? target?["store"]?.string, let name = target?["bucket"]?.string,
            let place = target?["region"]?.string
        else {
            throw CommandError(
                exitCode: .failure, message: "\(record.path) does not say where its bucket is")
        }
        (storeURL, bucket, region) = (store, name, place)
        (gatewayURL, edgeURL, accelerateURL, apiToken, emulated) = (nil, nil, nil, nil, nil)
        accessKey = environment["AWS_ACCESS_KEY_ID"]
        secretKey = environment["AWS_SECRET_ACCESS_KEY"]
        sessionToken = environment["AWS_SESSION_TOKEN"]
        self.authoritiesPath = authoritiesPath
    }

    /// What `serve` wrote into its ready file.
    init(readyFile data: Data, plan: RunPlan) throws(CommandError) {
        struct Ready: Decodable {
            let store: String
            let gateway: String?
            let edge: String?
            let accelerate: String?
            let bucket: String
            let region: String
            let access_key: String
            let secret_key: String
            let token: String?
            let ca_file: String?
        }
        guard let ready = try? JSONDecoder().decode(Ready.self, from: data) else {
            throw CommandError(
                exitCode: .targetUnavailable,
                message: "the embedded endpoint's ready file cannot be read")
        }
        storeURL = ready.store
        gatewayURL = ready.gateway
        edgeURL = ready.edge
        accelerateURL = ready.accelerate
        bucket = ready.bucket
        region = ready.region
        accessKey = ready.access_key
        secretKey = ready.secret_key
        sessionToken = nil
        apiToken = ready.token
        authoritiesPath = ready.ca_file
        let object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any]
        let parameters = object?["emulated"].flatMap {
            try? JSONSerialization.data(withJSONObject: $0)
        }
        emulated = EmulatedParts(link: plan.link ?? "loopback", parameters: parameters ?? Data())
    }
}
