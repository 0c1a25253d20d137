import NetIO
import Presign

/// One request to the store, with what its operation needs of it.
final class StoreCall {
    let exchange: Exchange
    let address: BucketAddress
    let query: QueryParameters
    /// All headers of the request in order, and after them those hoisted into the query.
    let headers: [NameValue]
    let now: SigningTime
    let requestID: String
    /// What the signature says about the body.
    var payload = SignedPayload.unsigned
    /// Lets the answer go when the store is through with the request; nil: at once.
    var holdAnswer: ((@escaping () -> Void) -> Void)?
    private let headerCount: Int
    private let answerHeaders: (StoreCall) -> [NameValue]

    /// - Parameter answerHeaders: what every answer carries besides, such as CORS.
    init(
        _ exchange: Exchange, address: BucketAddress, now: SigningTime, requestID: String,
        answerHeaders: @escaping (StoreCall) -> [NameValue]
    ) {
        self.exchange = exchange
        self.address = address
        self.now = now
        self.requestID = requestID
        self.answerHeaders = answerHeaders
        query = QueryParameters(exchange.request.rawQuery)
        let sent = Array(exchange.request.headers)
        headerCount = sent.count
        headers = sent + query.hoistedHeaders
    }

    var request: HTTPRequest { exchange.request }
    var method: String { exchange.request.method }
    var isHead: Bool { exchange.request.method == "HEAD" }

    /// As the signature has to see it.
    var signedRequest: SignedRequest {
        SignedRequest(
            method: method, rawPath: request.rawPath, rawQuery: request.rawQuery,
            headers: Array(headers.prefix(headerCount)),
            hostBucket: address.isPathStyle ? nil : address.bucket)
    }

    /// Repeated fields count as one value, joined by commas, as they are signed (and RFC 9110 §5.3 has
    /// it): whoever took the first of two checksums would leave the other unread.
    func header(_ name: String) -> String? { headers.joinedValue(name) }

    func answer(_ response: HTTPResponse) {
        var response = response
        response.headers =
            [("x-amz-id-2", Self.hostID), ("x-amz-request-id", requestID)] + response.headers
            + answerHeaders(self) + [("Server", "AmazonS3")]
        guard let holdAnswer else { return exchange.respond(response) }
        holdAnswer { [exchange] in exchange.respond(response) }
    }

    func fail(_ failure: S3Failure) {
        guard !isHead, failure.status != 304 else {
            return answer(HTTPResponse(status: failure.status))
        }
        answer(
            HTTPResponse(
                status: failure.status, headers: [("Content-Type", "application/xml")],
                body: .bytes(failure.document(requestID: requestID, hostID: Self.hostID))))
    }

    /// Names the host that answered; there is one.
    static let hostID = Base64.encode(
        Array("uploadbench embedded store; no other host is behind it".utf8))
}

extension [NameValue] {
    /// nil without a field of this name.
    func joinedValue(_ name: String) -> String? {
        var value: String?
        for field in self where field.name.equalsIgnoringCase(name) {
            value = value.map { "\($0),\(field.value)" } ?? field.value
        }
        return value
    }
}

extension HTTPResponse {
    static func xml(_ writer: XMLWriter, headers: [NameValue] = []) -> HTTPResponse {
        HTTPResponse(
            status: 200, headers: headers + [("Content-Type", "application/xml")],
            body: .bytes(writer.bytes))
    }

    static func document(
        _ name: String, headers: [NameValue] = [], _ content: (inout XMLWriter) -> Void
    ) -> HTTPResponse {
        var writer = XMLWriter()
        writer.element(name, namespace: XMLWriter.namespace, content)
        return xml(writer, headers: headers)
    }
}

extension String {
    /// ASCII case only, as field names compare (RFC 9110 §5.1).
    func equalsIgnoringCase(_ other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return zip(utf8, other.utf8).allSatisfy { lowercased($0) == lowercased($1) }
    }

    private func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}
