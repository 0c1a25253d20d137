import Presign
import Testing

@testable import Testbed

@Suite struct StoreListingTests {
    private let keys = ["a", "b/1", "b/2", "b/c/3", "c", "d/4", "é", "z"].map { ObjectKey($0) }
        .sorted()

    /// All pages of a listing, one after another.
    private func pages(_ limit: Int, prefix: String = "", delimiter: String = "") -> [String] {
        var found: [String] = []
        var marker: [UInt8] = []
        for _ in 0..<20 {
            let page = ListingPage(
                keys, prefix: Array(prefix.utf8), delimiter: Array(delimiter.utf8), marker: marker,
                limit: limit)
            found += page.keys.map(\.text)
            found += page.prefixes.map { String(decoding: $0, as: UTF8.self) }
            guard let next = page.next else { return found }
            marker = next
        }
        return found
    }

    @Test(arguments: 1...9)
    func `pages of any size give every key and group once`(limit: Int) {
        #expect(pages(limit).sorted() == keys.map(\.text).sorted())
        #expect(Set(pages(limit, delimiter: "/")) == ["a", "b/", "c", "d/", "é", "z"])
        #expect(pages(limit, delimiter: "/").count == 6)
        #expect(Set(pages(limit, prefix: "b/", delimiter: "/")) == ["b/1", "b/2", "b/c/"])
        #expect(pages(limit, prefix: "nothing").isEmpty)
    }

    @Test func `keys that XML cannot carry are encoded when asked`() throws {
        let client = try StoreClient()
        client.put("/uploads/a%20%26%0A", [1])
        let plain = client.signed("GET", "/uploads?list-type=2").text
        #expect(plain.contains("<Key>a &amp;\n</Key>"))
        let encoded = client.signed("GET", "/uploads?encoding-type=url&list-type=2").text
        #expect(encoded.contains("<Key>a%20%26%0A</Key>"))
        #expect(encoded.contains("<EncodingType>url</EncodingType>"))
    }

    @Test func `many objects go at once`() throws {
        let client = try StoreClient()
        for key in ["a", "b", "c"] { client.put("/uploads/\(key)", [1]) }
        let body = Array(
            "<Delete><Object><Key>a</Key></Object><Object><Key>c</Key></Object></Delete>".utf8)
        let answer = client.signed(
            "POST", "/uploads?delete", headers: [("content-md5", Base64.encode(MD5.digest(body)))],
            body: body)
        #expect(answer.text.contains("<Deleted><Key>a</Key></Deleted>"))
        #expect(try client.handler.store.bucket("uploads").keys == [ObjectKey("b")])
        #expect(
            client.signed("POST", "/uploads?delete", body: body).element("Code") == "InvalidRequest"
        )
    }

    @Test(arguments: [
        "", "<a>", "<a></b>", "<a>&x;</a>", "<!DOCTYPE a><a/>", "<a/><b/>",
        String(repeating: "<a>", count: 40),
    ])
    func `a document that is none is refused`(text: String) {
        #expect(throws: S3Failure.malformedXML) { try XMLReader.read(Array(text.utf8)) }
    }

    @Test func `documents are read whatever their prefixes and references`() throws {
        let text =
            "<?xml version='1.0'?><!-- c --><n:a xmlns:n=\"u>\"><b/> x &lt;&#65;&#x42;<![CDATA[<c>]]></n:a>"
        let root = try XMLReader.read(Array(text.utf8))
        #expect(root.name == "a")
        #expect(root.children.map(\.name) == ["b"])
        #expect(root.trimmed == "x <AB<c>")
    }
}
