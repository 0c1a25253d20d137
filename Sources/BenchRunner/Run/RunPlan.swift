import Foundation
import Measure

/// A run, decided in every detail before it starts; `run.json` holds it.
struct RunPlan: Sendable {
    enum Target: Sendable, Equatable {
        /// A child process of this one on the loopback interface.
        case embedded
        case url(String)
    }

    enum Signer: String, Sendable, CaseIterable {
        /// The API is asked for each permission, and told of each upload.
        case gateway
        /// This process signs, and an upload is only its S3 requests.
        case local
        /// Nobody: PUTs without a signature.
        case nobody = "none"
    }

    /// What ends a cell.
    enum Extent: Sendable, Equatable {
        case duration(Duration)
        case uploads(Int)
    }

    var scenarios: [Strategy]
    var sizesBytes: [Int64]
    /// Real files to upload instead of made ones; a file or a folder.
    var filesPath: String?
    /// Of the closed model.
    var concurrency: Int
    /// nil: the closed model.
    var open: OpenPlan?
    var threads: Int
    /// nil: this process makes the whole load.
    var sharding: ShardPlan?
    var extent: Extent
    var warmup: Duration
    var rounds: Int
    var seed: UInt64
    var target: Target
    var bucket: String?
    var region: String?
    var gatewayURL: String?
    var edgeURL: String?
    var accelerateURL: String?
    var signer: Signer
    /// Of the shared config files; nil: `AWS_PROFILE`, or `default`.
    var profile: String?
    /// The bucket's owner does something besides the uploads, so that credentials are needed though
    /// an API signs.
    var needsOwner = false
    var expiresSeconds: Int
    var client: ClientPlan
    /// The emulated network as it was asked for; nil for a target that is not ours.
    var link: String?
    /// Flags of `serve` that are handed on to the embedded endpoint, by name.
    var emulation: [String: String]
    var proxyLimits: ProxyLimits
    /// In all keys that this process names.
    var runName = RunName(startedAt: Date())
    var api = FoundAPI()
    var retry: RetryPolicy
    var safety: SafetyPlan
    var outputPath: String?
    var samples: SampleChoice
    var tableFormat: TableFormat
    var isQuiet: Bool
    var allowsColor: Bool
    /// What the run must hold; exit code 3 otherwise.
    var objectives: [Objective] = []
    var outputs = RunOutputs()

    var needsCredentials: Bool {
        signer == .local || needsOwner || safety.cleansUp || sharding?.barrier != nil
    }

    var isEmulatedLink: Bool { link != nil && link != Self.loopback }
    static let loopback = "loopback"
}

/// What a run finds out about its API before the load.
struct FoundAPI: Sendable, Equatable {
    /// The folder in which the API lets this run's user store; nil while it is not known.
    var folder: String?
    /// Requests that make an object before their answer names it carry an `Idempotency-Key`.
    var namesRequests = false
}

/// How the clients of a run behave.
struct ClientPlan: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case native
        /// Sends what a browser sends, its preflights included.
        case browser
        /// A real one, headless, which drives the gateway's page.
        case chromium

        var isBrowser: Bool { self != .native }
    }

    /// What an upload finds when it starts.
    enum Connections: String, Sendable, CaseIterable {
        /// None: each upload is a client that comes for the first time.
        case fresh
        /// Those of the uploads before it.
        case kept
    }

    var kind: Kind
    var connections: Connections
    /// Waits for `100 Continue` before a body goes to the edge.
    var expectsContinue: Bool
    /// Of multipart uploads.
    var partBytes: Int64
    var partWindow: Int
    /// TLS before the embedded target.
    var isSecure: Bool
    var resumesTLSSessions: Bool
    /// A PEM file of authorities instead of the system's.
    var authoritiesPath: String?
    var verifiesServer: Bool
    /// Without a byte in either direction.
    var idleTimeout = Duration.seconds(30)
    /// Of one request, from its start to its answer's last byte.
    var requestTimeout = Duration.seconds(600)
    /// Of all threads together; idle ones beyond it are closed.
    var connectionLimit = 20_000
}

enum TableFormat: String, CaseIterable, Sendable {
    case table, json, markdown
}
