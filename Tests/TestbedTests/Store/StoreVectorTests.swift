import Foundation
import NetIO
import Presign
import Testing

@testable import Testbed

/// Requests recorded against S3 or derived from such, and the answers they have to get.
@Suite struct StoreVectorTests {
    /// Cases that were recorded or follow from recorded ones; others are guesses about S3.
    private func isStrict(_ vector: Vector) -> Bool {
        let confidence = vector["confidence"].text
        return confidence.hasPrefix("confirmed") || confidence == "derived"
    }

    private func client(_ vector: Vector) throws -> StoreClient {
        let server = vector["server"]
        let credentials = server["known_keys"].members.map { key, value in
            Credentials(
                accessKey: key, secretKey: value["secret_key"].text,
                sessionToken: value["session_token"].optionalText)
        }
        return try StoreClient(
            bucket: server["bucket"].text, region: server["region"].text,
            credentials: credentials,
            at: try #require(SigningTime(iso8601: vector["server_time"].text)))
    }

    private func check(_ answer: SeenAnswer, _ vector: Vector) {
        let expected = vector["expected"]
        let id = vector["id"].text
        #expect(answer.status == expected["status"].number, "\(id): \(answer.text)")
        guard !expected["code"].isNull else { return }
        #expect(answer.element("Code") == expected["code"].text, "\(id)")
        #expect(answer.element("Message") == expected["message"].text, "\(id)")
        for (name, value) in expected["extra_elements"].members {
            let seen = answer.element(name)
            if value.text.hasPrefix("<") {
                #expect(seen != nil, "\(id): \(name)")
            } else {
                #expect(seen == value.text, "\(id): \(name)")
            }
        }
        #expect(answer.header("x-amz-request-id")?.utf8.count == 16)
        #expect(answer.header("Server") == "AmazonS3")
    }

    @Test func `presigned requests that S3 refuses are refused the same way`() throws {
        let cases = try Vector.cases("presigned_negative.json")
        let tried = cases.filter(isStrict)
        for vector in tried {
            let request = vector["request"]
            let headers = request["headers"].pairs
            let length = headers.first { $0.name.lowercased() == "content-length" }
            let query = request["raw_query"].text
            let answer = try client(vector).send(
                request["method"].text,
                request["raw_path"].text + (query.isEmpty ? "" : "?\(query)"),
                host: request["host"].text, headers: headers,
                body: [], contentLength: Int64(length?.value ?? "0"))
            check(answer, vector)
        }
        report(
            "presigned_negative.json", tried.count, of: cases.count, note: " (the rest are guesses)"
        )
        #expect(tried.count >= 35)
    }

    @Test func `forms are held to their policies as S3 holds them`() throws {
        let cases = try Vector.cases("post_policy_cases.json")
        let tried = cases.filter(isStrict)
        for vector in tried {
            let client = try client(vector)
            // Every cut has to give the same.
            for cutBytes in [65_536, 97, 1] {
                client.cutBytes = cutBytes
                let answer = try post(
                    client, url: vector["request"]["url"].text,
                    contentType: vector["request"]["content_type"].text,
                    body: vector["request"]["multipart_b64"].bytes)
                check(answer, vector)
            }
        }
        report(
            "post_policy_cases.json", tried.count, of: cases.count, note: " (the rest are guesses)")
        #expect(tried.count >= 28)
    }

    private func post(
        _ client: StoreClient, url: String, contentType: String, body: [UInt8]
    ) throws -> SeenAnswer {
        let url = try #require(URLComponents(string: url))
        let port = url.port.map { ":\($0)" } ?? ""
        return client.send(
            "POST", url.path.isEmpty ? "/" : url.path, host: (url.host ?? "") + port,
            headers: [("Content-Type", contentType)], body: body)
    }

    @Test func `forms that S3 takes are stored under their key`() throws {
        let cases = try Vector.cases("presigned_posts.json")
        for vector in cases {
            let (inputs, form) = (vector["inputs"], vector["form"])
            let expected = vector["expected_result"]
            let id = vector["id"].text
            let client = try StoreClient(
                bucket: inputs["bucket"].text, region: inputs["region"].text,
                credentials: [
                    Credentials(
                        accessKey: inputs["access_key"].text,
                        secretKey: inputs["secret_key"].text,
                        sessionToken: inputs["session_token"].optionalText)
                ],
                at: try #require(SigningTime(iso8601: inputs["now"].text)))
            let answer = try post(
                client, url: vector["expected"]["url"].text,
                contentType: "multipart/form-data; boundary=\(form["boundary"].text)",
                body: form["multipart_b64"].bytes)
            #expect(answer.status == expected["status"].number, "\(id): \(answer.text)")
            let bucket = try client.handler.store.bucket(inputs["bucket"].text)
            let stored = bucket[ObjectKey(expected["stored_key"].text)]
            #expect(stored?.etag == expected["etag"].text, "\(id)")
            #expect(
                stored?.properties.contentType == expected["stored_content_type"].text, "\(id)")
        }
        report("presigned_posts.json", cases.count, of: cases.count)
        #expect(cases.count == 60)
    }

    @Test func `ranges select what S3 selects`() throws {
        let cases = try Vector.cases("range_cases.json")
        for vector in cases {
            let expected = vector["expected"]
            let client = try StoreClient()
            client.put("/uploads/object", Array(vector["object_body"].text.utf8))
            let answer = client.signed(
                "GET", "/uploads/object", headers: [("Range", vector["range"].text)])
            #expect(answer.status == expected["status"].number, "\(vector["range"].text)")
            #expect(answer.header("Content-Range") == expected["content_range"].optionalText)
            let error = expected["error"]
            guard error.isNull else {
                #expect(answer.element("Code") == error["code"].text)
                #expect(answer.element("Message") == error["message"].text)
                #expect(answer.element("RangeRequested") == error["RangeRequested"].text)
                #expect(answer.element("ActualObjectSize") == error["ActualObjectSize"].text)
                continue
            }
            #expect(answer.text == expected["body"].text)
            #expect(answer.header("Accept-Ranges") == expected["accept_ranges"].text)
            let head = client.signed(
                "HEAD", "/uploads/object", headers: [("Range", vector["range"].text)])
            #expect(head.status == answer.status)
            #expect(head.header("Content-Length") == "\(expected["content_length"].number)")
        }
        report("range_cases.json", cases.count, of: cases.count)
        #expect(cases.count == 17)
    }

    @Test func `cross-origin requests get the fields that S3 gives`() throws {
        let cases = try Vector.cases("cors_cases.json")
        for vector in cases {
            let (request, expected) = (vector["request"], vector["expected"])
            let client = try StoreClient { $0.cors = self.rules(vector["rules"]) }
            client.put("/uploads/object", [1])
            let bucket = vector["bucket_exists"].flag ? "uploads" : "no-such-bucket"
            let target = request["target"].text == "bucket" ? "/\(bucket)" : "/\(bucket)/object"
            let headers = request["headers"].members.map { ($0.key, $0.value.text) }
            let method = request["method"].text
            let answer =
                method == "OPTIONS"
                ? client.send(method, target, headers: headers)
                : client.signed(method, target, headers: headers, body: method == "PUT" ? [2] : nil)
            let id = vector["id"].text
            #expect(answer.status == expected["status"].number, "\(id)")
            for (name, value) in expected["headers"].members {
                #expect(answer.header(name) == value.text, "\(id): \(name)")
            }
            for name in expected["headers_absent"].list {
                #expect(answer.header(name.text) == nil, "\(id): \(name.text)")
            }
            guard !expected["code"].isNull else { continue }
            #expect(answer.element("Code") == expected["code"].text, "\(id)")
            #expect(answer.element("Message") == expected["message"].text, "\(id)")
            for (name, value) in expected["extra_elements"].members {
                #expect(answer.element(name) == value.text, "\(id): \(name)")
            }
        }
        report("cors_cases.json", cases.count, of: cases.count)
        #expect(cases.count == 28)
    }

    private func rules(_ rules: Vector) -> CORSConfiguration? {
        guard !rules.isNull else { return nil }
        return CORSConfiguration(
            rules: rules.list.map { rule in
                CORSRule(
                    allowedOrigins: rule["AllowedOrigins"].list.map(\.text),
                    allowedMethods: rule["AllowedMethods"].list.map(\.text),
                    allowedHeaders: rule["AllowedHeaders"].list.map(\.text),
                    exposedHeaders: rule["ExposeHeaders"].list.map(\.text),
                    maxAgeSeconds: rule["MaxAgeSeconds"].isNull
                        ? nil : rule["MaxAgeSeconds"].number)
            })
    }
}
