import Presign
import Testing

@testable import Testbed

@Suite struct StoreMultipartTests {
    private let target = "/uploads/big"
    private let large = [UInt8](repeating: 1, count: 5 << 20)

    private func create(_ client: StoreClient, headers: [NameValue] = []) -> String {
        client.signed("POST", target + "?uploads", headers: headers).element("UploadId") ?? ""
    }

    @discardableResult
    private func part(
        _ client: StoreClient, _ id: String, _ number: Int, _ body: [UInt8],
        headers: [NameValue] = []
    ) -> SeenAnswer {
        client.put("\(target)?partNumber=\(number)&uploadId=\(id)", body, headers: headers)
    }

    private func complete(
        _ client: StoreClient, _ id: String, _ parts: [(Int, String)], headers: [NameValue] = []
    ) -> SeenAnswer {
        let list = parts.map {
            "<Part><PartNumber>\($0.0)</PartNumber><ETag>\($0.1)</ETag></Part>"
        }
        let document = "<CompleteMultipartUpload>\(list.joined())</CompleteMultipartUpload>"
        return client.signed(
            "POST", "\(target)?uploadId=\(id)", headers: headers, body: Array(document.utf8))
    }

    @Test func `parts become one object`() throws {
        let client = try StoreClient()
        let id = create(client)
        let first = part(client, id, 2, large).header("ETag") ?? ""
        let last = part(client, id, 7, [2, 3]).header("ETag") ?? ""
        let answer = complete(client, id, [(2, first), (7, last)])
        #expect(answer.status == 200)
        #expect(answer.element("ETag")?.hasSuffix("-2\"") == true)
        #expect(answer.element("ChecksumType") == "FULL_OBJECT")
        #expect(client.signed("GET", target).body == large + [2, 3])
        let second = client.signed("GET", target + "?partNumber=2")
        #expect(second.body == [2, 3])
        #expect(second.header("x-amz-mp-parts-count") == "2")
        let whole = client.put("/uploads/whole", large + [2, 3])
        #expect(
            whole.header("x-amz-checksum-crc64nvme") == answer.element("ChecksumCRC64NVME"))
        #expect(client.signed("GET", "\(target)?uploadId=\(id)").element("Code") == "NoSuchUpload")
    }

    @Test func `a completion that is sent again is answered alike, while its object is there`()
        throws
    {
        let client = try StoreClient()
        let id = create(client)
        let parts = [(1, part(client, id, 1, [1]).header("ETag") ?? "")]
        let first = complete(client, id, parts)
        let second = complete(client, id, parts)
        #expect(first.status == 200)
        #expect(second.status == 200)
        #expect(second.body == first.body)
        #expect(complete(client, id, [(1, "other")]).element("Code") == "NoSuchUpload")
        #expect(client.signed("DELETE", "\(target)?uploadId=\(id)").status == 404)
        client.put(target, [2])
        #expect(complete(client, id, parts).element("Code") == "NoSuchUpload")
        #expect(client.signed("GET", target).body == [2])
    }

    @Test func `old completions are forgotten`() {
        var completed = CompletedUploads()
        let key = ObjectKey([0x61])
        for number in 0...CompletedUploads.limit {
            completed.add("\(number)", at: key, document: [], etag: "")
        }
        #expect(!completed.contains("0", at: key))
        #expect(completed.contains("1", at: key))
        #expect(completed.contains("\(CompletedUploads.limit)", at: key))
        #expect(!completed.contains("1", at: ObjectKey([0x62])))
    }

    @Test func `a completion is held to the parts`() throws {
        let client = try StoreClient()
        let id = create(client)
        let small = part(client, id, 1, [1]).header("ETag") ?? ""
        let last = part(client, id, 2, [2]).header("ETag") ?? ""
        func code(_ parts: [(Int, String)], _ headers: [NameValue] = []) -> String? {
            complete(client, id, parts, headers: headers).element("Code")
        }
        #expect(code([]) == "InvalidRequest")
        #expect(code([(2, last), (1, small)]) == "InvalidPartOrder")
        #expect(code([(1, last)]) == "InvalidPart")
        #expect(code([(3, last)]) == "InvalidPart")
        #expect(code([(1, small), (2, last)]) == "EntityTooSmall")
        #expect(code([(1, small)], [("x-amz-mp-object-size", "2")]) == "InvalidRequest")
        #expect(code([(1, small)], [("x-amz-mp-object-size", "1")]) == nil)
        #expect(part(client, id, 3, [1]).element("Code") == "NoSuchUpload")
    }

    @Test func `part numbers end at ten thousand, and composite sums need every part's`() throws {
        let client = try StoreClient()
        let id = create(client, headers: [("x-amz-checksum-algorithm", "CRC32")])
        let crc = [("x-amz-checksum-crc32", "pQXfGw==")] as [NameValue]
        #expect(part(client, id, 10_001, [1]).element("Code") == "InvalidArgument")
        #expect(part(client, id, 1, [1]).element("Code") == "InvalidRequest")
        #expect(part(client, id, 1, [1], headers: crc).status == 200)
        #expect(complete(client, id, [(1, "x")]).element("Code") == "InvalidPart")
        #expect(client.signed("DELETE", "\(target)?uploadId=\(id)").status == 204)
        #expect(client.signed("DELETE", "\(target)?uploadId=\(id)").status == 404)
    }

    @Test(
        arguments: [
            ("ChecksumCRC32", "pQXfGw==", nil), ("ChecksumCRC32", "AAAAAA==", "InvalidPart"),
            ("ChecksumSHA256", "junk", "InvalidPart"),
            ("ChecksumSHA1", "v4tFMNj+iTTgj2TM+8C67j6Za70=", "InvalidPart"),
            ("ChecksumXXHASH64", "AAAAAAAAAAA=", "InvalidPart"),
            ("ChecksumCRC64NVME", "AAAAAAAAAAA=", "InvalidPart"),
        ] as [(String, String, String?)])
    func `a part's checksum in the completion is the part's`(
        name: String, value: String, code: String?
    ) throws {
        let client = try StoreClient()
        let id = create(client)
        let etag =
            part(client, id, 1, [1], headers: [("x-amz-checksum-crc32", "pQXfGw==")])
            .header("ETag") ?? ""
        let answer = complete(client, id, [(1, "\(etag)</ETag><\(name)>\(value)</\(name)><ETag>")])
        #expect(answer.element("Code") == code)
        #expect((client.signed("GET", target).status == 200) == (code == nil))
    }

    @Test func `a trailer is no claim about the object`() throws {
        let client = try StoreClient()
        let id = create(client)
        let etag = part(client, id, 1, [1]).header("ETag") ?? ""
        let answer = complete(
            client, id, [(1, etag)], headers: [("x-amz-trailer", "x-amz-checksum-crc32")])
        #expect(answer.status == 501)
    }

    @Test func `pages of no parts have an end`() throws {
        let client = try StoreClient()
        let id = create(client)
        part(client, id, 1, [1])
        part(client, id, 2, [1])
        let none = client.signed("GET", "\(target)?uploadId=\(id)&max-parts=0")
        #expect(none.element("IsTruncated") == "false")
        let one = client.signed("GET", "\(target)?uploadId=\(id)&max-parts=1")
        #expect(one.element("IsTruncated") == "true")
        #expect(one.element("NextPartNumberMarker") == "1")
    }

    @Test func `memory of an aborted upload is free again`() throws {
        let client = try StoreClient { $0.mode = .memory(limitBytes: 10) }
        let id = create(client)
        #expect(part(client, id, 1, [UInt8](repeating: 0, count: 10)).status == 200)
        #expect(client.put("/uploads/k", [1]).status == 507)
        client.signed("DELETE", "\(target)?uploadId=\(id)")
        #expect(client.put("/uploads/k", [1]).status == 200)
    }
}
