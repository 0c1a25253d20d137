import Foundation
import Presign
import Transfer

/// Where a run's requests go, and what it may sign with.
struct RunTarget: Sendable {
    let storeURL: String
    let gatewayURL: String?
    let edgeURL: String?
    let accelerateURL: String?
    let bucket: String
    let region: String
    /// For `--signer local` and for whatever else the bucket's owner does; nil when only the gateway
    /// signs.
    let credentials: LiveCredentials?
    /// The gateway's bearer token.
    let apiToken: String?
    /// The authority of the embedded endpoint's certificates.
    let authoritiesPath: String?
    /// What of the target is emulated; nil for a real one.
    let emulated: EmulatedParts?

    var accessKey: String? { credentials?.current.credentials.accessKey }
    var secretKey: String? { credentials?.current.credentials.secretKey }
    var sessionToken: String? { credentials?.current.credentials.sessionToken }

    /// AWS has a name for each bucket; other servers are asked by path, which all of them take,
    /// whatever names resolve to them.
    var storeStyle: Endpoint.Style {
        let host = Origin(url: storeURL)?.host.lowercased() ?? ""
        let isAWS = host.hasSuffix(".amazonaws.com") || host.hasSuffix(".amazonaws.com.cn")
        return isAWS ? .customVirtualHosted : .customPath
    }

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
    /// A target that is already there; keys and token never come from the command line, which every
    /// user of the machine can see.
    init(
        url: String, plan: RunPlan,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CommandError) {
        storeURL = url
        gatewayURL = plan.gatewayURL
        edgeURL = plan.edgeURL
        accelerateURL = plan.accelerateURL
        bucket = plan.bucket ?? ""
        let aws = AWSEnvironment(variables: environment, explicitProfile: plan.profile)
        do throws(CredentialError) {
            let profiles = try aws.profiles()
            region = plan.region ?? AWSPlace(aws, profiles).region ?? "us-east-1"
            credentials = plan.needsCredentials ? try LiveCredentials.find(aws) : nil
        } catch {
            throw error.commandError
        }
        apiToken = environment["UPLOADBENCH_TOKEN"]
        if let apiToken, !apiToken.isEmpty, !HeaderText.isPlain(apiToken) {
            throw .usage("UPLOADBENCH_TOKEN has characters that no token has")
        }
        authoritiesPath = plan.client.authoritiesPath
        emulated = nil
        if plan.signer == .local, credentials == nil {
            throw .usage(
                "--signer local needs credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or"
                    + " AWS_PROFILE, or another source that AWS's own tools know")
        }
    }

    /// Where a recorded run wrote, with the credentials of now.
    init(
        recorded record: RecordedRecord, storeURL url: String?, profile: String?,
        authoritiesPath: String?,
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
        // An embedded target has ended with its run.
        let isNothingLeft = target?["kind"]?.string == "embedded"
        let aws = AWSEnvironment(variables: environment, explicitProfile: profile)
        do throws(CredentialError) {
            credentials = try isNothingLeft ? nil : LiveCredentials.find(aws)
        } catch {
            throw error.commandError
        }
        guard credentials != nil || isNothingLeft else {
            throw .usage(
                "to delete objects takes credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or"
                    + " AWS_PROFILE, or another source that AWS's own tools know")
        }
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
        credentials = LiveCredentials(
            FoundCredentials(
                Credentials(accessKey: ready.access_key, secretKey: ready.secret_key),
                source: "the embedded endpoint"))
        apiToken = ready.token
        authoritiesPath = ready.ca_file
        let object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any]
        let parameters = object?["emulated"].flatMap {
            try? JSONSerialization.data(withJSONObject: $0)
        }
        emulated = EmulatedParts(link: plan.link ?? "loopback", parameters: parameters ?? Data())
    }
}
