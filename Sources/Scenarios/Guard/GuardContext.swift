import NetIO
package import Presign
package import Transfer

/// Where attempts go, what they are signed with and when. Decided before each attempt: time and keys
/// are arguments.
package struct GuardContext {
    /// An S3 endpoint to sign for.
    package struct Store {
        package let presigner: URLPresigner
        package let origin: Origin

        package init(presigner: URLPresigner, origin: Origin) {
            self.presigner = presigner
            self.origin = origin
        }
    }

    package struct Limits: Sendable {
        /// What an application wants to take: the form's range, and the signed length.
        package let smallestBytes: Int64
        package let largestBytes: Int64
        /// No file is larger, whatever 100 times would be.
        package let capBytes: Int64
        /// What API and function carry of a request's body.
        package let apiBodyBytes: Int64
        package let lambdaEventBytes: Int64

        package init(
            smallestBytes: Int64, largestBytes: Int64, capBytes: Int64, apiBodyBytes: Int64,
            lambdaEventBytes: Int64
        ) {
            self.smallestBytes = smallestBytes
            self.largestBytes = largestBytes
            self.capBytes = capBytes
            self.apiBodyBytes = apiBodyBytes
            self.lambdaEventBytes = lambdaEventBytes
        }
    }

    /// nil: this process signs.
    package var api: GatewayAPI?
    /// The same with a token that the API does not take.
    package var apiWithExpiredToken: GatewayAPI?
    package var edge: GatewayAPI?
    package var edgeWithExpiredToken: GatewayAPI?
    /// The bucket without acceleration; objects are prepared there.
    package let direct: Store
    /// Where the strategy's own S3 requests go.
    package let store: Store
    package let isAccelerated: Bool
    package let limits: Limits
    package let files: GuardFiles
    package let expiresSeconds: Int
    package let partBytes: Int64
    /// Names everything that the run writes by itself.
    package let run: String
    /// Names this attempt's object.
    package let name: String
    package let boundary: String
    package let now: SigningTime

    package init(
        direct: Store, store: Store, isAccelerated: Bool, limits: Limits, files: GuardFiles,
        expiresSeconds: Int, partBytes: Int64, run: String, name: String, boundary: String,
        now: SigningTime
    ) {
        self.direct = direct
        self.store = store
        self.isAccelerated = isAccelerated
        self.limits = limits
        self.files = files
        self.expiresSeconds = expiresSeconds
        self.partBytes = partBytes
        self.run = run
        self.name = name
        self.boundary = boundary
        self.now = now
    }

    // MARK: Keys. All hold the run's name, so that none can be anybody else's.

    package static func prefix(ofRun run: String) -> String { "uploadbench-guard/\(run)/" }

    var ownPrefix: String { Self.prefix(ofRun: run) + "users/alice/" }
    /// Of an upload that this process gives the permission for.
    var ownKey: String { ownPrefix + "\(name).png" }
    var outsideKey: String { Self.prefix(ofRun: run) + "outside/\(name).png" }

    /// Another user's folder, as the API or this process names folders.
    var otherUsersKey: String {
        api == nil
            ? Self.prefix(ofRun: run) + "users/bob/\(name).png"
            : "users/uploadbench-guard-\(run)/\(name).png"
    }

    /// Out of the user's folder and into another's, for whoever resolves it. S3 takes keys as they
    /// are (S3 User Guide, "Naming Amazon S3 objects"): more names than `..` at every point.
    func dotDotKey(from key: String) -> String {
        let folder = key.lastIndex(of: "/").map { String(key[...$0]) } ?? ""
        return folder + "../uploadbench-guard-\(run)/\(name).png"
    }

    /// The key that the case puts in the place of the permitted one.
    func wantedKey(_ guardCase: GuardCase, from key: String) -> String? {
        switch guardCase {
        case .outsidePrefix: outsideKey
        case .dotDot: dotDotKey(from: key)
        case .otherUser: otherUsersKey
        default: nil
        }
    }

    // MARK: Times

    /// The signer's clock.
    func signingTime(_ guardCase: GuardCase) -> SigningTime {
        if guardCase == .replayAfterExpiry {
            return now.adding(seconds: -2 * Int64(expiresSeconds))
        }
        return now.adding(seconds: guardCase.signerClockSeconds ?? 0)
    }

    /// A life too short for a clock that is a minute slow.
    func lifeSeconds(_ guardCase: GuardCase) -> Int {
        guardCase == .shortExpires ? 30 : expiresSeconds
    }

    // MARK: Signing

    /// The store's presigner, for the expired token with a session that no key belongs to.
    func presigner(_ guardCase: GuardCase) -> URLPresigner {
        guard guardCase == .expiredToken else { return store.presigner }
        let known = store.presigner.credentials
        return URLPresigner(
            credentials: Credentials(
                accessKey: known.accessKey, secretKey: known.secretKey,
                sessionToken: "expired-\(run)"),
            endpoint: store.presigner.endpoint)
    }

    /// Something at the key before the attempt; its size is no attempted file's.
    func prepareObject(_ key: @escaping (GuardState) -> String) -> GuardMove {
        GuardMove(.s3, accepting: [200]) { [direct, now, files] state in
            SignedRequests(direct).put(key(state), files.seed, at: now)
        }.asPreparation()
    }
}
