@testable import Presign

/// Requests that prove who sent them: `METHOD target`, then header lines.
///
/// With a first byte of `r` the request is as it stands, and the verifier's secret is one that no
/// input was signed with: nothing may be accepted. Otherwise the program signs a request, edits it
/// as the input says, and what is accepted then must mean what was signed.
enum PresignTarget {
    private static let time = SigningTime(unixSeconds: 1_775_861_298)
    private static let verifier = SignatureVerifier(region: "us-east-1")
    private static let known = Credentials(accessKey: "AKIDEXAMPLE", secretKey: "a test's secret")
    private static let unknown = Credentials(
        accessKey: "AKIDEXAMPLE", secretKey: "a secret that signed no input")

    static func run(_ input: [UInt8]) throws {
        guard input.first != UInt8(ascii: "r") else {
            return try runRaw(Array(input.dropFirst()))
        }
        var edits = Edits(input)
        let original = try signed(&edits)
        let edited = edits.apply(to: original)
        let now = time.adding(seconds: edits.delaySeconds)
        guard let request = WireRequest(edited)?.request else { return }
        guard isAccepted(request, known, now) else {
            try expect(
                edited != original || edits.delaySeconds >= edits.expiresSeconds,
                "a signed request is refused: \(String(decoding: original, as: UTF8.self))")
            return
        }
        let before = WireRequest(original)?.meaning
        let after = WireRequest(edited)?.meaning
        try expect(
            before == after,
            "accepted, but not what was signed: \(String(decoding: edited, as: UTF8.self))")
        try expect(edits.delaySeconds < edits.expiresSeconds, "accepted after its time")
    }

    private static func runRaw(_ input: [UInt8]) throws {
        guard let request = WireRequest(input)?.request else { return }
        for now in [time, SigningTime(unixSeconds: 1_369_353_600)] {
            try expect(
                !isAccepted(request, unknown, now),
                "accepted without a signature: \(String(decoding: input, as: UTF8.self))")
        }
    }

    private static func isAccepted(
        _ request: SignedRequest, _ credentials: Credentials, _ now: SigningTime
    ) -> Bool {
        do throws(SignatureFailure) {
            let result = try verifier.authenticate(request, now: now) {
                $0 == credentials.accessKey ? credentials : nil
            }
            if case .identified = result { return true }
        } catch {}
        return false
    }

    /// A presigned request of the input's method, key and header, as text.
    private static func signed(_ edits: inout Edits) throws -> [UInt8] {
        let endpoint = try Endpoint(
            style: .customPath, region: "us-east-1", bucket: "uploads", url: "http://localhost")
        var headers: [NameValue] = []
        if edits.hasHeader { headers.append(("x-amz-meta-a", "b c")) }
        if edits.hasType { headers.append(("content-type", "text/plain")) }
        let query: [NameValue] =
            edits.hasQuery ? [("partNumber", "3"), ("uploadId", "a+b/c=")] : []
        let presigned = try URLPresigner(credentials: known, endpoint: endpoint).presign(
            method: edits.method, key: edits.key, headers: headers, query: query,
            expiresSeconds: edits.expiresSeconds, at: time)
        let lines =
            ["\(edits.method) \(presigned.target)", "host: \(endpoint.host)"]
            + headers.map { "\($0.name): \($0.value)" }
        return Array(lines.joined(separator: "\n").utf8)
    }
}

/// A request as its target and headers came over the wire.
private struct WireRequest {
    let request: SignedRequest

    init?(_ text: [UInt8]) {
        let lines = text.parts(at: 10).map { String(decoding: $0, as: UTF8.self) }
        let words = lines[0].split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, words[1].hasPrefix("/") else { return nil }
        let halves = Array(words[1].utf8).parts(at: UInt8(ascii: "?"), limit: 2)
            .map { String(decoding: $0, as: UTF8.self) }
        request = SignedRequest(
            method: String(words[0]), rawPath: halves[0],
            rawQuery: halves.count > 1 ? halves[1] : "",
            headers: lines.dropFirst().compactMap { line in
                guard let colon = line.firstIndex(of: ":") else { return nil }
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                return (String(line[..<colon]), String(value))
            })
    }

    /// What a signature must cover: decoded, in no order, without what S3 leaves unsigned.
    var meaning: [[UInt8]] {
        let query = request.rawQuery.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let halves = Array(pair).parts(at: UInt8(ascii: "="), limit: 2)
                .map { Self.decoded($0, isQuery: true) }
            return halves[0] + [UInt8(ascii: "=")] + (halves.count > 1 ? halves[1] : [])
        }.filter { !$0.starts(with: "X-Amz-Signature=".utf8) }
        // content-sha256 is the canonical request's last line, signed without being a signed header.
        let headers = request.headers.map { ($0.name.lowercased(), $0.value) }
            .filter { name, _ in
                (name.hasPrefix("x-amz-") && name != "x-amz-content-sha256") || name == "host"
            }
        let values = Dictionary(grouping: headers, by: \.0).map { name, values in
            "\(name):" + values.map { Self.collapsed($0.1) }.joined(separator: ",")
        }
        return [Array(request.method.utf8), Self.decoded(Array(request.rawPath.utf8)[...])]
            + query.sorted { $0.lexicographicallyPrecedes($1) }
            + values.sorted().map { Array($0.utf8) }
    }

    private static func collapsed(_ text: String) -> String {
        text.utf8.split { [9, 10, 11, 12, 13, 32].contains($0) }
            .map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    }

    private static func decoded(_ text: ArraySlice<UInt8>, isQuery: Bool = false) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let first = rest.first, rest.count > 1,
                let high = digit(first), let low = digit(rest[rest.startIndex + 1])
            {
                rest = rest.dropFirst(2)
                result.append(high << 4 | low)
            } else {
                result.append(isQuery && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return result
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.flatMap { UInt8(exactly: $0) }
    }
}

/// What the input asks for: five bytes of shape, a key up to a line end, then edits of three bytes
/// and more: where, how many to remove, how many to insert, and those.
private struct Edits {
    let method: String
    let hasHeader: Bool
    let hasType: Bool
    let hasQuery: Bool
    let expiresSeconds: Int
    let delaySeconds: Int64
    let key: [UInt8]
    private var rest: ArraySlice<UInt8>

    init(_ input: [UInt8]) {
        let shape = Array(input.prefix(4)) + [UInt8](repeating: 0, count: max(0, 4 - input.count))
        method = ["PUT", "GET", "POST", "DELETE"][Int(shape[0] & 3)]
        hasHeader = shape[0] & 4 != 0
        hasType = shape[0] & 8 != 0
        hasQuery = shape[0] & 16 != 0
        expiresSeconds = 1 + Int(shape[1]) * 60
        delaySeconds = Int64(shape[2]) * 60
        let body = input.dropFirst(4)
        let name = Array(body.prefix { $0 != 10 }.prefix(200))
        key = name.isEmpty ? Array("k".utf8) : name
        rest = body.drop { $0 != 10 }.dropFirst()
    }

    func apply(to original: [UInt8]) -> [UInt8] {
        var text = original
        var rest = rest
        for _ in 0..<8 {
            guard rest.count >= 3, !text.isEmpty else { break }
            let head = Array(rest.prefix(3))
            let position = Int(head[0]) * 256 + Int(head[1])
            let start = position % (text.count + 1)
            let end = min(text.count, start + Int(head[2] >> 4))
            rest = rest.dropFirst(3)
            let inserted = Array(rest.prefix(Int(head[2] & 15)))
            rest = rest.dropFirst(inserted.count)
            text.replaceSubrange(start..<end, with: inserted)
        }
        return text
    }
}
