import NetIO
import Presign

/// The gateway's own way to the store, signed with its own credentials.
final class StoreClient {
    let bucket: String
    private let endpoint: Endpoint
    private let signer: HeaderSigner
    private let transport: any StoreTransport
    private let now: @Sendable () -> SigningTime

    /// - Parameter transport: nil: plain HTTP to the embedded store.
    init(
        _ configuration: GatewayConfiguration, loop: EventLoop, transport: (any StoreTransport)?
    ) throws {
        bucket = configuration.bucket
        now = configuration.now
        endpoint = try Permissions.endpoint(configuration, host: configuration.store.localName)
        signer = HeaderSigner(
            credentials: configuration.credentials, region: configuration.region)
        let address = configuration.upstream ?? configuration.store
        self.transport =
            try transport
            ?? UpstreamClient(
                loop: loop,
                address: try SocketAddress(resolving: address.localName, port: address.port))
    }

    /// A request without a body.
    func send(
        _ method: String, key: [UInt8], query: [NameValue] = [], _ fields: [NameValue] = [],
        completion: @escaping StoreCompletion
    ) {
        let bare = method == "GET" || method == "DELETE"
        let length: [NameValue] = bare ? [] : [("Content-Length", "0")]
        transport.begin(
            head(method, key, query, fields + length, payload: .empty), completion: completion
        ).finish()
    }

    /// A PUT whose body follows.
    ///
    /// - Parameter isNew: an object that is there already stays, and the answer is 412 (S3 User Guide,
    ///   "Conditional writes").
    func put(
        key: [UInt8], contentType: String, length: Int64, isNew: Bool = false,
        completion: @escaping StoreCompletion
    ) -> any StoreUpload {
        let fields = [(name: "Content-Type", value: contentType), ("Content-Length", "\(length)")]
        return transport.begin(
            head("PUT", key, [], fields + (isNew ? [Self.onlyNew] : []), payload: .unsigned),
            completion: completion)
    }

    static let onlyNew = (name: "If-None-Match", value: "*")

    private func head(
        _ method: String, _ key: [UInt8], _ query: [NameValue], _ fields: [NameValue],
        payload: HeaderSigner.Payload
    ) -> [UInt8] {
        let path =
            endpoint.pathPrefix + "/"
            + String(decoding: PercentEncoding.encode(key, keepingSlash: true), as: UTF8.self)
        let headers = [(name: "Host", value: endpoint.host)] + fields
        let signed = signer.sign(
            method: method, path: path, query: query, headers: headers, payload: payload, at: now())
        let pairs = query.map { $0.value.isEmpty ? $0.name : "\($0.name)=\($0.value)" }
        let target = pairs.isEmpty ? path : path + "?" + pairs.joined(separator: "&")
        var head = "\(method) \(target) HTTP/1.1\r\n"
        for field in headers + signed.headers { head += "\(field.name): \(field.value)\r\n" }
        return Array((head + "\r\n").utf8)
    }
}
