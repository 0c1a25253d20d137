import Testing

@testable import Presign

extension Vector {
    fileprivate func keys() -> (String) -> Credentials? {
        let known = self["server"]["known_keys"].members
        return { accessKey in
            known[accessKey].map {
                Credentials(
                    accessKey: accessKey, secretKey: $0["secret_key"].text,
                    sessionToken: $0["session_token"].optionalText)
            }
        }
    }

    fileprivate var isStrict: Bool {
        let confidence = self["confidence"].text
        return confidence.hasPrefix("confirmed") || confidence == "derived"
    }

    /// Compares a refusal with the expected one; nil is acceptance.
    fileprivate func matches(_ failure: SignatureFailure?) -> Bool {
        let expected = self["expected"]
        guard let code = expected["code"].optionalText else { return failure == nil }
        guard let failure, failure.code == code, failure.status == expected["status"].number,
            failure.message == expected["message"].text
        else { return false }
        return expected["extra_elements"].members.allSatisfy { name, value in
            let given = failure.elements.first { $0.name == name }?.value
            return value.text.hasPrefix("<") ? given != nil : given == value.text
        }
    }
}

@Suite struct VerificationTests {
    @Test func `every refused presigned request gets S3's answer`() throws {
        let file = "presigned_negative.json"
        let cases = try Vector.cases(file)
        var (passed, strict, strictPassed) = (0, 0, 0)
        for vector in cases {
            let request = vector["request"]
            let signed = SignedRequest(
                method: request["method"].text, rawPath: request["raw_path"].text,
                rawQuery: request["raw_query"].text,
                headers: [("Host", request["host"].text)] + request["headers"].pairs)
            let verifier = SignatureVerifier(region: vector["server"]["region"].text)
            let now = try vector.signingTime("server_time")
            var failure: SignatureFailure?
            do throws(SignatureFailure) {
                let result = try verifier.authenticate(signed, now: now, keys: vector.keys())
                guard case .identified = result else { failure = .permissionDenied; continue }
            } catch { failure = error }
            let matched = vector.matches(failure)
            passed += matched ? 1 : 0
            strict += vector.isStrict ? 1 : 0
            strictPassed += vector.isStrict && matched ? 1 : 0
            #expect(
                matched, "\(vector["id"].text) \(vector["kind"].text): \(failure.debugDescription)")
        }
        report(
            file, passed, of: cases.count,
            note: " (confirmed and derived: \(strictPassed) of \(strict))")
        #expect(strictPassed == strict)
    }

    @Test func `every recorded presigned URL is accepted by the verifier`() throws {
        let file = "presigned_urls.json"
        let cases = try Vector.cases(file)
        for vector in cases {
            let (inputs, request) = (vector["inputs"], vector["request"])
            let url = vector["expected"]["url"].text
            let query = try #require(url.split(separator: "?", maxSplits: 1).last)
            let signed = SignedRequest(
                method: request["method"].text, rawPath: request["raw_path"].text,
                rawQuery: String(query),
                headers: [("Host", request["host"].text)] + request["headers"].pairs)
            let verifier = SignatureVerifier(region: inputs["region"].text)
            let now = try inputs.signingTime("amz_date")
            _ = try verifier.verifyPresigned(signed, now: now) { _ in inputs.credentials }
        }
        report("\(file), verified", cases.count, of: cases.count)
    }

    /// What the multipart reader answers before a signature is looked at.
    private static let readerKinds = ["not-multipart", "pre-file-data-over-20480"]

    @Test func `every form gets S3's answer`() throws {
        let file = "post_policy_cases.json"
        let all = try Vector.cases(file)
        let cases = all.filter { !Self.readerKinds.contains($0["kind"].text) }
        var passed = 0
        for vector in cases {
            let failure = try Self.answer(to: vector)
            let matched = vector.matches(failure)
            passed += matched ? 1 : 0
            #expect(
                matched, "\(vector["id"].text) \(vector["kind"].text): \(failure.debugDescription)")
        }
        report(
            file, passed, of: all.count,
            note: " (\(all.count - cases.count) belong to the multipart reader)")
    }

    private static func answer(to vector: Vector) throws -> SignatureFailure? {
        let form = try #require(Base64.decode(vector["request"]["multipart_b64"].text))
        let file = fileContents(form, contentType: vector["request"]["content_type"].text)
        let bucket = vector["server"]["bucket"].text
        let verifier = SignatureVerifier(region: vector["server"]["region"].text)
        do throws(SignatureFailure) {
            let result = try verifier.verifyForm(
                fields: vector["request"]["fields"].pairs, hasFile: file != nil, bucket: bucket,
                now: SigningTime(iso8601: vector["server_time"].text)
                    ?? SigningTime(unixSeconds: 0),
                keys: vector.keys())
            guard let result else { throw .permissionDenied }
            try result.policy.check(sizeBytes: Int64(file ?? 0))
            return nil
        } catch {
            return error
        }
    }

    /// The size of the part named `file`; nil without one. The fixtures have it last.
    private static func fileContents(_ form: [UInt8], contentType: String) -> Int? {
        let text = String(decoding: form.map { $0 < 0x80 ? $0 : 0x3F }, as: UTF8.self)
        guard let boundary = contentType.split(separator: "=").last,
            let name = text.firstRange(of: "name=\"file\"")
        else { return nil }
        let rest = text[name.upperBound...]
        let quoted = boundary.trimmingPrefix("\"").filter { $0 != "\"" }
        guard let start = rest.firstRange(of: "\r\n\r\n"),
            let end = rest.firstRange(of: "\r\n--\(quoted)")
        else { return nil }
        return text.utf8.distance(from: start.upperBound, to: end.lowerBound)
    }

    @Test func `every recorded form is accepted by the verifier`() throws {
        let cases = try Vector.cases("presigned_posts.json")
        for vector in cases {
            let inputs = vector["inputs"]
            let fields = FilenameVariable.replaced(
                in: vector["expected"]["fields_in_order"].pairs,
                by: vector["form"]["file_name"].text)
            let verifier = SignatureVerifier(region: inputs["region"].text)
            let now = try inputs.signingTime("amz_date")
            let form = try verifier.verifyForm(
                fields: fields, hasFile: true, bucket: inputs["bucket"].text, now: now
            ) { _ in inputs.credentials }
            #expect(form != nil)
        }
        report("presigned_posts.json, verified", cases.count, of: cases.count)
    }

    private static let presignedTime = SigningTime(unixSeconds: 1_700_000_000)
    private static let signer = Credentials(accessKey: "AK", secretKey: "SK")

    /// What a presigned PUT is answered when its target or headers are changed on the way; nil: it is taken.
    private func failure(
        _ change: (String) -> String = { $0 }, headers: [NameValue] = []
    ) throws -> SignatureFailure? {
        let endpoint = try Endpoint(
            style: .customPath, region: "us-east-1", bucket: "b", url: "http://localhost")
        let presigned = try URLPresigner(credentials: Self.signer, endpoint: endpoint).presign(
            key: "k", expiresSeconds: 60, at: Self.presignedTime)
        let halves = change(presigned.target).split(separator: "?", maxSplits: 1).map(String.init)
        let request = SignedRequest(
            method: "PUT", rawPath: halves[0], rawQuery: halves[1],
            headers: [("Host", endpoint.host)] + headers)
        do throws(SignatureFailure) {
            let verifier = SignatureVerifier(region: "us-east-1")
            _ = try verifier.authenticate(request, now: Self.presignedTime) { _ in Self.signer }
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "X-Amz-Signature=0", "X-Amz-Signatur%65=0", "X-Amz-Signature=", "X-Amz-Signature",
        "X-Amz-Date=20231114T221320Z", "X-Amz-Expires=60", "X-Amz-SignedHeaders=host",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Credential=AK",
        "X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD",
    ])
    func `a parameter of the signature that is given twice is refused, before or behind the other`(
        _ second: String
    ) throws {
        #expect(try failure() == nil)
        for change in [{ $0 + "&" + second }, { $0.replacing("?", with: "?\(second)&") }] {
            let refusal = try failure(change)
            #expect(refusal?.status == 400)
            #expect(refusal?.code == "AuthorizationQueryParametersError")
            #expect(refusal?.message.hasSuffix(" is given more than once") == true)
        }
    }

    @Test(arguments: [
        ("UNSIGNED-PAYLOAD", nil), ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "SignatureDoesNotMatch"),
        (
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "SignatureDoesNotMatch"
        ),
    ])
    func `a payload's digest in a header is held to the signature, though it is no signed header`(
        value: String, code: String?
    ) throws {
        #expect(try failure(headers: [("X-Amz-Content-Sha256", value)])?.code == code)
    }

    @Test func `any other header of S3's that is not signed is refused`() throws {
        let refusal = try failure(headers: [
            ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), ("X-Amz-Meta-B", "1"),
            ("x-amz-acl", "private"), ("Content-Type", "a/b"),
        ])
        #expect(refusal?.status == 403)
        #expect(refusal?.code == "AccessDenied")
        #expect(
            refusal?.elements == [
                SignatureFailure.Element(name: "HeadersNotSigned", value: "x-amz-acl, x-amz-meta-b")
            ])
    }

    @Test func `a header that is named again and again is signed once`() {
        let values = (0..<190).map { _ in (name: "Z", value: String(repeating: "v", count: 70)) }
        let once = CanonicalHeaders(named: "z", in: values)
        let often = CanonicalHeaders(
            named: String(repeating: "z;", count: 5000) + "z", in: values)
        #expect(often.lines == once.lines)
    }

    @Test func `a stale header signature is refused with both clocks`() throws {
        let time = SigningTime(unixSeconds: 1_700_000_000)
        let credentials = Credentials(accessKey: "AK", secretKey: "SK", sessionToken: "T")
        let signed = HeaderSigner(credentials: credentials, region: "eu-west-1").sign(
            method: "GET", path: "/k", headers: [("Host", "b.localhost")], payload: .unsigned,
            at: time)
        let request = SignedRequest(
            method: "GET", rawPath: "/k", rawQuery: "",
            headers: [("Host", "b.localhost")] + signed.headers)
        let verifier = SignatureVerifier(region: "eu-west-1")
        _ = try verifier.verifyHeader(request, now: time.adding(seconds: 900)) { _ in credentials }
        let failure = #expect(throws: SignatureFailure.self) {
            try verifier.verifyHeader(request, now: time.adding(seconds: 901)) { _ in credentials }
        }
        #expect(failure?.code == "RequestTimeTooSkewed")
    }
}
