import Testing

@testable import Presign

/// The worked examples of the AWS documentation and the general Signature Version 4 suite.
@Suite struct DocumentationTests {
    @Test func `every documented example is reproduced`() throws {
        let file = "aws_doc_examples.json"
        let cases = try Vector.cases(file)
        var passed = 0
        for vector in cases where try check(vector) { passed += 1 }
        report(file, passed, of: cases.count)
        #expect(passed == cases.count)
    }

    private func check(_ vector: Vector) throws -> Bool {
        let (inputs, expected) = (vector["inputs"], vector["expected"])
        switch vector["id"].text {
        case let id where id.hasPrefix("doc-signing-key"):
            let scope = CredentialScope(
                date: inputs["date"].text, region: inputs["region"].text,
                service: inputs["service"].text)
            let key = SigningKey.derive(secretKey: inputs["secret_key"].text, scope: scope)
            return Hex.encode(key) == expected["signing_key_hex"].text
        case "doc-post-policy":
            return try checkPolicy(inputs, expected)
        case let id where id.hasSuffix("-chunks"):
            return try checkChunks(inputs, expected)
        case let id where id.contains("presigned"):
            return try checkPresigned(inputs, expected)
        default:
            return try checkHeader(inputs, expected)
        }
    }

    private func checkPresigned(_ inputs: Vector, _ expected: Vector) throws -> Bool {
        let endpoint = try Endpoint(
            style: .global, region: inputs["region"].text, bucket: "examplebucket")
        #expect(endpoint.host == inputs["host"].text)
        let signed = URLPresigner(credentials: inputs.credentials, endpoint: endpoint).sign(
            method: inputs["method"].text, path: Array(inputs["raw_path"].text.utf8),
            headers: inputs["headers"].pairs.filter { $0.name != "host" }, query: [],
            expiresSeconds: 86400, at: try inputs.signingTime("amz_date"))
        let hash = SHA256.digest(Array(signed.canonicalRequest.utf8)).hex
        #expect(hash == expected["canonical_request_sha256"].text)
        return signed.signature == expected["signature"].text
    }

    private func checkHeader(_ inputs: Vector, _ expected: Vector) throws -> Bool {
        let host: NameValue = ("host", inputs["host"].text)
        let time = try inputs.signingTime("amz_date")
        let signed = HeaderSigner(credentials: inputs.credentials, region: inputs["region"].text)
            .sign(
                method: inputs["method"].text, path: inputs["raw_path"].text,
                query: inputs["query"].pairs, headers: [host] + inputs["headers"].pairs,
                payload: .streaming(inputs["payload_hash"].text), at: time)
        let hash = SHA256.digest(Array(signed.canonicalRequest.utf8)).hex
        #expect(hash == expected["canonical_request_sha256"].text)
        let query = inputs["query"].pairs.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        let request = SignedRequest(
            method: inputs["method"].text, rawPath: inputs["raw_path"].text, rawQuery: query,
            headers: [host] + inputs["headers"].pairs + signed.headers)
        _ = try SignatureVerifier(region: inputs["region"].text).verifyHeader(request, now: time) {
            _ in inputs.credentials
        }
        return signed.signature == expected["signature"].text
    }

    private func checkChunks(_ inputs: Vector, _ expected: Vector) throws -> Bool {
        let time = try inputs.signingTime("amz_date")
        let scope = CredentialScope(date: time.scopeDate, region: inputs["region"].text)
        var chunks = ChunkSignatureVerifier(
            key: SigningKey(inputs.credentials, scope: scope),
            accessKey: inputs["access_key"].text, amzDate: time.amzDate,
            seed: inputs["seed_signature"].text)
        for (size, signature) in zip(
            inputs["chunk_sizes"].list, expected["chunk_signatures"].list)
        {
            let data = [UInt8](repeating: UInt8(ascii: "a"), count: size.number)
            data.withUnsafeBytes { chunks.update($0) }
            try chunks.endChunk(signature: signature.text)
        }
        guard let trailer = inputs["trailer"].optionalText else { return true }
        let halves = trailer.split(separator: ":", maxSplits: 1).map(String.init)
        try chunks.checkTrailer(
            [(halves[0], halves[1])], signature: expected["trailer_signature"].text)
        #expect(throws: SignatureFailure.self) {
            try chunks.checkTrailer(
                [(halves[0], "other")], signature: expected["trailer_signature"].text)
        }
        return true
    }

    private func checkPolicy(_ inputs: Vector, _ expected: Vector) throws -> Bool {
        let policy = inputs["policy_utf8"].text
        let text = Base64.encode(Array(policy.utf8))
        #expect(text == expected["policy_base64"].text)
        let scope = CredentialScope(date: inputs["date"].text, region: inputs["region"].text)
        let key = SigningKey(inputs.credentials, scope: scope)
        // The documentation abbreviates the two long fields.
        let spelled = ["Policy": text, "X-Amz-Signature": expected["signature"].text]
        let fields = inputs["form_fields"].pairs.map { ($0.name, spelled[$0.name] ?? $0.value) }
        let form = try SignatureVerifier(region: inputs["region"].text).verifyForm(
            fields: fields, hasFile: true, bucket: inputs["bucket"].text,
            now: try inputs.signingTime("amz_date")
        ) { _ in inputs.credentials }
        #expect(form?.accessKey == inputs["access_key"].text)
        return key.signature(of: Array(text.utf8)) == expected["signature"].text
    }

    @Test func `the suite's cases that S3's path rules allow are reproduced`() throws {
        let file = "sigv4_suite.json"
        let cases = try Vector.cases(file)
        var (passed, tried) = (0, 0)
        for vector in cases where vector["path_equal_under_s3_rules"].value as? Bool == true {
            tried += 2
            passed += try checkSuite(vector)
        }
        report(file, passed, of: tried, note: " (\(cases.count * 2) in the file)")
        #expect(passed == tried && tried > 0)
    }

    /// How many of the two forms, query and header, have the expected signature.
    private func checkSuite(_ vector: Vector) throws -> Int {
        let context = vector["context"]
        let given = context["credentials"]
        let credentials = Credentials(
            accessKey: given["access_key_id"].text, secretKey: given["secret_access_key"].text,
            // In one case the token joins the request after it is signed.
            sessionToken: context["omit_session_token"].value as? Bool == true
                ? nil : given["token"].optionalText)
        let time = try context.signingTime("timestamp")
        let request = SuiteRequest(vector["request"].text)
        let payload = SHA256.digest(Array(request.body.utf8)).hex
        let path = PercentEncoding.encode(Array(vector["raw_path"].text.utf8), keepingSlash: true)
        let endpoint = try Endpoint(
            style: .customPath, region: context["region"].text, bucket: "bucket",
            url: "http://example.amazonaws.com")
        let service = context["service"].text
        let presigned = URLPresigner(
            credentials: credentials, endpoint: endpoint, service: service
        ).sign(
            method: request.method, path: path,
            headers: request.headers.filter { $0.name.lowercased() != "host" },
            query: request.query, expiresSeconds: context["expiration_in_seconds"].number,
            at: time, payload: payload)
        #expect(presigned.canonicalRequest == vector["query"]["canonical_request"].text)
        #expect(presigned.stringToSign == vector["query"]["string_to_sign"].text)
        var headers = request.headers + [("X-Amz-Date", time.amzDate)]
        if let token = credentials.sessionToken { headers.append(("X-Amz-Security-Token", token)) }
        if context["sign_body"].value as? Bool == true {
            headers.append(("x-amz-content-sha256", payload))
        }
        let signed = HeaderSigner(
            credentials: credentials, region: context["region"].text, service: service
        ).sign(
            method: request.method, path: String(decoding: path, as: UTF8.self),
            query: request.query, signedHeaders: headers, payload: payload, at: time)
        #expect(signed.canonicalRequest == vector["header"]["canonical_request"].text)
        return (presigned.signature == vector["query"]["signature"].text ? 1 : 0)
            + (signed.signature == vector["header"]["signature"].text ? 1 : 0)
    }
}

/// The suite's requests: a request line, header lines (some continued), perhaps a body.
private struct SuiteRequest {
    let method: String
    let query: [NameValue]
    private(set) var headers: [NameValue] = []
    let body: String

    init(_ text: String) {
        let end = text.firstRange(of: "\n\n")
        body = end.map { String(text[$0.upperBound...]) } ?? ""
        let lines = (end.map { text[..<$0.lowerBound] } ?? text[...]).split(separator: "\n")
        let line = lines.first ?? ""
        method = String(line.prefix { $0 != " " })
        let target = line.dropFirst(method.count + 1).dropLast(" HTTP/1.1".count)
        let question = target.split(separator: "?", maxSplits: 1)
        query = (question.count > 1 ? question[1] : "").split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            func decoded(_ half: Substring) -> String {
                String(decoding: PercentEncoding.decode(half.utf8), as: UTF8.self)
            }
            return (decoded(halves[0]), halves.count > 1 ? decoded(halves[1]) : "")
        }
        for line in lines.dropFirst() {
            if line.hasPrefix(" "), let last = headers.popLast() {
                headers.append((last.name, "\(last.value) \(line)"))
            } else {
                let halves = line.split(separator: ":", maxSplits: 1)
                headers.append((String(halves[0]), halves.count > 1 ? String(halves[1]) : ""))
            }
        }
    }
}
