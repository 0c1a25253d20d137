import Foundation
import NetIO
import Presign
import Testing

@testable import Testbed

/// A member of a fixture, read by name; what is absent reads as empty and fails its comparison.
struct Vector {
    let value: Any

    subscript(name: String) -> Vector {
        Vector(value: (value as? [String: Any])?[name] ?? NSNull())
    }

    var text: String { value as? String ?? (value as? NSNumber)?.stringValue ?? "" }
    var optionalText: String? { value as? String }
    var number: Int { (value as? NSNumber)?.intValue ?? 0 }
    var flag: Bool { (value as? NSNumber)?.boolValue ?? false }
    var isNull: Bool { value is NSNull }
    var list: [Vector] { (value as? [Any] ?? []).map(Vector.init) }
    var members: [String: Vector] { (value as? [String: Any] ?? [:]).mapValues(Vector.init) }
    var bytes: [UInt8] { [UInt8](Data(base64Encoded: text) ?? Data()) }

    /// `[[name, value], …]`.
    var pairs: [NameValue] {
        list.map { pair in (pair.list.first?.text ?? "", pair.list.last?.text ?? "") }
    }

    static func cases(_ file: String) throws -> [Vector] {
        let url = try #require(
            Bundle.module.url(forResource: file, withExtension: nil, subdirectory: "Fixtures"))
        let data = try Data(contentsOf: url)
        return Vector(value: try JSONSerialization.jsonObject(with: data))["cases"].list
    }
}

/// Says how much of a fixture was tried, so that a filter gone wrong is seen.
func report(_ file: String, _ passed: Int, of total: Int, note: String = "") {
    print("vectors \(file): \(passed) of \(total)\(note)")
}

/// What a client sees of an answer.
struct SeenAnswer {
    let status: Int
    let headers: [NameValue]
    let body: [UInt8]

    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The text of an element of the document; nil when there is none.
    func element(_ name: String) -> String? {
        guard !body.isEmpty, let root = try? XMLReader.read(body) else { return nil }
        return root.first(name)?.string
    }
}

/// Plays the connection: hands a handler one request at a time, its body cut as told.
final class StoreClient: ExchangeChannel {
    let handler: StoreHandler
    /// How many bytes of a body arrive at once.
    var cutBytes = 65_536
    private var sink: (any BodySink)?
    private(set) var answer: SeenAnswer?
    private(set) var answersBeforeBodyEnded = 0

    init(_ handler: StoreHandler) { self.handler = handler }

    func receiveBody(of exchange: Exchange, into sink: any BodySink) { self.sink = sink }
    func setBodyPaused(_ isPaused: Bool, of exchange: Exchange) {}

    func awaitsAnswer(to exchange: Exchange) -> Bool { answer == nil }

    func respond(_ response: HTTPResponse, to exchange: Exchange) {
        var body: [UInt8] = []
        switch response.body {
        case .none: break
        case .bytes(let bytes): body = bytes
        case .stream(let source, let length):
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 7000, alignment: 16)
            defer { buffer.deallocate() }
            while Int64(body.count) < length {
                let count = source.read(into: buffer)
                guard count > 0 else { break }
                body += buffer[..<count]
            }
        }
        var headers = response.headers
        if let length = response.headContentLength {
            headers.append(("Content-Length", "\(length)"))
        }
        answer = SeenAnswer(status: response.status, headers: headers, body: body)
    }

    @discardableResult
    func send(
        _ method: String, _ target: String, host: String = "localhost",
        headers: [NameValue] = [], body: [UInt8]? = nil, contentLength: Int64? = nil,
        isComplete: Bool = true
    ) -> SeenAnswer {
        answer = nil
        sink = nil
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let request = HTTPRequest(
            method: method, rawPath: String(halves[0]),
            rawQuery: halves.count > 1 ? String(halves[1]) : "",
            headers: HeaderFields([("Host", host)] + headers),
            contentLength: contentLength ?? body.map { Int64($0.count) })
        handler.handle(Exchange(request: request, channel: self))
        if let sink { feed(body ?? [], to: sink, isComplete: isComplete) }
        return answer ?? SeenAnswer(status: 0, headers: [], body: [])
    }

    private func feed(_ body: [UInt8], to sink: any BodySink, isComplete: Bool) {
        var position = 0
        while position < body.count {
            let end = min(body.count, position + cutBytes)
            body[position..<end].withUnsafeBytes { sink.receive($0) }
            position = end
        }
        if isComplete { sink.finish() } else { sink.abort() }
    }
}

let testCredentials = Credentials(accessKey: "AKIDEXAMPLE", secretKey: "a test's secret")
let testTime = SigningTime(unixSeconds: 1_775_861_298)

extension StoreClient {
    /// A store of one bucket, `uploads`, at a stopped clock.
    convenience init(
        _ change: (inout StoreConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = StoreConfiguration(credentials: [testCredentials], now: { testTime })
        change(&configuration)
        try self.init(StoreHandler(configuration))
    }

    /// A store as a vector's `server` describes it.
    convenience init(
        bucket: String, region: String, credentials: [Credentials], at time: SigningTime
    ) throws {
        var configuration = StoreConfiguration(credentials: credentials, now: { time })
        configuration.bucket = bucket
        configuration.region = region
        configuration.cors = nil
        try self.init(StoreHandler(configuration))
    }
}

extension StoreClient {
    /// Signed by header, with the body's hash left out unless `payload` says otherwise.
    @discardableResult
    func signed(
        _ method: String, _ target: String, headers: [NameValue] = [], body: [UInt8]? = nil,
        payload: HeaderSigner.Payload = .unsigned
    ) -> SeenAnswer {
        let halves = target.split(separator: "?", maxSplits: 1).map(String.init)
        let query: [NameValue] = (halves.count > 1 ? halves[1] : "").split(separator: "&").map {
            let pair = $0.split(separator: "=", maxSplits: 1).map { part in
                String(decoding: PercentEncoding.decode(part.utf8), as: UTF8.self)
            }
            return (pair[0], pair.count > 1 ? pair[1] : "")
        }
        let signer = HeaderSigner(credentials: testCredentials, region: "us-east-1")
        // However the path is spelled on the wire, the signature is of its one spelling.
        let path = PercentEncoding.encode(
            PercentEncoding.decode(halves[0].utf8), keepingSlash: true)
        let added = signer.sign(
            method: method, path: String(decoding: path, as: UTF8.self), query: query,
            headers: [("host", "localhost")] + headers, payload: payload, at: testTime)
        return send(method, target, headers: headers + added.headers, body: body)
    }

    @discardableResult
    func put(_ target: String, _ body: [UInt8], headers: [NameValue] = []) -> SeenAnswer {
        signed("PUT", target, headers: headers, body: body)
    }
}
