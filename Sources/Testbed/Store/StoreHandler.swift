import Foundation
import NetIO
package import Presign

/// What the store is told at its start.
package struct StoreConfiguration: Sendable {
    /// The bench's own bucket.
    package var bucket = "uploads"
    /// Of every bucket: a signature for another region is refused.
    package var region = "us-east-1"
    package var credentials: [Credentials]
    package var mode = StoreMode.memory(limitBytes: 2 << 30)
    /// Of the bench's own bucket at the start; nil for none, as a new bucket on AWS.
    package var cors: CORSConfiguration? = .open
    /// A second bucket without CORS rules, as a new bucket on AWS; nil for none.
    package var bucketWithoutCORS: String?
    /// Transfer Acceleration of the bench's own bucket at the start; nil: never configured.
    package var accelerationStatus: String? = "Enabled"
    /// S3 keeps a CRC64NVME of every object that comes without a checksum. It costs about half as
    /// much as the MD5; load that wants a lighter store can do without.
    package var computesDefaultChecksum = true
    /// The wall clock; a stopped one replays recorded requests.
    package var now: @Sendable () -> SigningTime

    package init(
        credentials: [Credentials],
        now: @escaping @Sendable () -> SigningTime = {
            SigningTime(unixSeconds: Int64(Date().timeIntervalSince1970))
        }
    ) {
        self.credentials = credentials
        self.now = now
    }
}

/// Why a store cannot start.
package struct StoreError: Error, Equatable, CustomStringConvertible {
    package let description: String
}

/// The S3 role: finds out who asks for what, and lets the operation answer. It belongs to its
/// role's thread.
package final class StoreHandler: RequestHandler {
    let configuration: StoreConfiguration
    let store: ObjectStore
    let verifier: SignatureVerifier
    private let keys: [String: Credentials]
    private let load: StoreLoad?
    private var requestNumber: UInt64

    package convenience init(_ configuration: StoreConfiguration) throws(StoreError) {
        try self.init(configuration, load: nil)
    }

    /// - Parameter load: nil for a store that answers at once.
    init(_ configuration: StoreConfiguration, load: StoreLoad?) throws(StoreError) {
        self.configuration = configuration
        self.load = load
        do throws(S3Failure) {
            store = try ObjectStore(configuration.mode)
        } catch {
            throw StoreError(description: error.message)
        }
        verifier = SignatureVerifier(region: configuration.region)
        keys = Dictionary(
            configuration.credentials.map { ($0.accessKey, $0) }, uniquingKeysWith: { $1 })
        requestNumber = UInt64.random(in: 0...UInt64.max)
        let bucket = store.add(configuration.bucket, at: configuration.now())
        bucket.cors = configuration.cors
        bucket.accelerationStatus = configuration.accelerationStatus
        if let name = configuration.bucketWithoutCORS { store.add(name, at: configuration.now()) }
    }

    package func handle(_ exchange: Exchange) {
        let call = makeCall(exchange)
        do throws(S3Failure) {
            if call.method != "OPTIONS", let load {
                guard load.admit() else { throw .slowDown }
                call.holdAnswer = load.serve
            }
            try dispatch(call)
        } catch {
            call.fail(error)
        }
    }

    package func refusal(for problem: RequestProblem) -> HTTPResponse {
        S3Failure(problem).response(requestID: nextRequestID())
    }

    func credentials(_ accessKey: String) -> Credentials? { keys[accessKey] }

    func makeCall(_ exchange: Exchange) -> StoreCall {
        let store = store
        return StoreCall(
            exchange, address: BucketAddress(exchange.request, isBucket: store.contains),
            now: configuration.now(),
            requestID: nextRequestID()
        ) { call in
            guard let name = call.address.bucket, let bucket = try? store.bucket(name) else {
                return []
            }
            return bucket.cors?.headers(for: call) ?? []
        }
    }

    private func nextRequestID() -> String {
        // An odd multiplier spreads a counter over all 64 bits and never repeats.
        requestNumber &+= 1
        let digits = String(
            requestNumber &* 0x9E37_79B9_7F4A_7C15, radix: 16, uppercase: true)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private func dispatch(_ call: StoreCall) throws(S3Failure) {
        if call.method == "OPTIONS" { return try answerPreflight(call) }
        try call.address.key?.check()
        if isForm(call) { return try startForm(call) }
        if call.method == "POST", call.address.key != nil, !call.query.contains("uploads"),
            !call.query.contains("uploadId"), !call.query.contains("select"),
            !call.query.contains("restore")
        {
            // A form that went to a key instead of its bucket.
            throw .methodNotAllowed
        }
        do throws(SignatureFailure) {
            switch try verifier.authenticate(
                call.signedRequest, now: call.now, keys: credentials)
            {
            case .identified(let identity): call.payload = identity.payload
            case .anonymous:
                // A bucket that is not there is told to anyone.
                if let name = call.address.bucket, !store.contains(name) {
                    return call.fail(.noSuchBucket(name))
                }
                throw .permissionDenied
            }
        } catch {
            throw S3Failure(error)
        }
        try route(call)
    }

    /// Form uploads go to the bucket itself, and sign their policy instead of the request.
    private func isForm(_ call: StoreCall) -> Bool {
        call.method == "POST" && call.address.bucket != nil && call.address.key == nil
            && !call.query.contains("delete")
    }
}
