import Testing

@testable import Testbed

@Suite struct FormParserTests {
    /// What came of a body: the fields in order and the file.
    private struct Parsed: Equatable {
        var fields: [String] = []
        var fileName: String?
        var hasFile = false
        var file: [UInt8] = []
        var isFileEnded = false
        var isComplete = false
    }

    private func parse(
        _ body: [UInt8], boundary: String = "bo", cuts: [Int] = []
    ) throws(S3Failure) -> Parsed {
        var parser = FormParser(boundary: Array(boundary.utf8))
        var parsed = Parsed()
        var position = 0
        for end in cuts + [body.count] {
            let run = Array(body[position..<end])
            position = end
            let pointer = UnsafeMutableRawBufferPointer.allocate(byteCount: run.count, alignment: 1)
            defer { pointer.deallocate() }
            pointer.copyBytes(from: run)
            try parser.parse(UnsafeRawBufferPointer(pointer)) { (event) throws(S3Failure) in
                switch event {
                case .field(let name, let value): parsed.fields.append("\(name)=\(value)")
                case .fileStart(let name, _):
                    parsed.fileName = name
                    parsed.hasFile = true
                case .fileData(let bytes): parsed.file += bytes
                case .fileEnd: parsed.isFileEnded = true
                }
            }
        }
        parsed.isComplete = parser.isComplete
        return parsed
    }

    private func part(_ name: String, _ value: String, boundary: String = "bo") -> String {
        "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
    }

    private func file(_ content: String, name: String? = "a.png", boundary: String = "bo") -> String
    {
        let fileName = name.map { "; filename=\"\($0)\"" } ?? ""
        return
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"\(fileName)\r\n"
            + "Content-Type: image/png\r\n\r\n\(content)\r\n"
    }

    private func code(_ body: String) -> String? {
        do throws(S3Failure) {
            _ = try parse(Array(body.utf8))
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `a body may be cut anywhere, once or twice`() throws {
        // Contents full of beginnings of the boundary.
        let content = "\r\n--b\r\n--\r\n\r\n-\r--bo--\r\n--b o\n--bo\r\n"
        let text = part("key", "a\r\n--b") + part("empty", "") + file(content) + "--bo--\r\n"
        let body = Array(text.utf8)
        let whole = try parse(body)
        #expect(whole.fields == ["key=a\r\n--b", "empty="])
        #expect(whole.file == Array(content.utf8))
        #expect(whole.isFileEnded && whole.isComplete)
        for first in 0...body.count {
            #expect(try parse(body, cuts: [first]) == whole, "cut at \(first)")
        }
        for first in 0...body.count {
            for length in 1...7 where first + length <= body.count {
                #expect(try parse(body, cuts: [first, first + length]) == whole)
            }
        }
        #expect(try parse(body, cuts: Array(0..<body.count)) == whole)
    }

    @Test func `another form inside the file belongs to the file`() throws {
        let inner =
            part("key", "x", boundary: "inner") + file("y", boundary: "inner") + "--inner--\r\n"
        let longer = "--bo2\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nz"
        let text = part("key", "k") + file(inner) + "--bo--\r\n"
        #expect(try parse(Array(text.utf8)).file == Array(inner.utf8))
        // A delimiter that goes on is none that RFC 2046 allows in the contents; it is refused
        // rather than taken for either.
        #expect(
            code(part("key", "k") + file("a\r\n\(longer)") + "--bo--\r\n") == "MalformedPOSTRequest"
        )
    }

    @Test func `an empty file and a file without a name are files`() throws {
        let empty = try parse(Array((file("") + "--bo--").utf8))
        #expect(empty.hasFile && empty.file.isEmpty && empty.isFileEnded && empty.isComplete)
        #expect(empty.fileName == "a.png")
        #expect(try parse(Array((file("x", name: nil) + "--bo--").utf8)).fileName == nil)
        #expect(try parse(Array((file("x", name: "") + "--bo--").utf8)).fileName == "")
    }

    @Test(arguments: [
        ("a%22b.png", "a\"b.png"), ("a\\\"b.png", "a\"b.png"), ("C:\\dir\\x.png", "C:\\dir\\x.png"),
        ("ü ;=.png", "ü ;=.png"), ("a%41.png", "a%41.png"),
    ])
    func `file names keep what browsers and other clients escape`(sent: String, meant: String)
        throws
    {
        #expect(try parse(Array((file("x", name: sent) + "--bo--").utf8)).fileName == meant)
    }

    @Test func `without its last boundary a form is not complete`() throws {
        #expect(try !parse(Array((part("key", "k") + file("x")).utf8)).isComplete)
        #expect(try !parse(Array((part("key", "k") + file("x") + "--bo").utf8)).isComplete)
        #expect(try !parse(Array((part("key", "k") + file("x") + "--bo-").utf8)).isComplete)
        #expect(try parse(Array((part("key", "k") + file("x") + "--bo--").utf8)).isComplete)
    }

    @Test func `a preamble and white space after a boundary are passed over`() throws {
        let text =
            "preamble\r\n--bo \t\r\n" + part("a", "1").dropFirst(5) + file("x")
            + "--bo--\r\nepilogue"
        let parsed = try parse(Array(text.utf8))
        #expect(parsed.fields == ["a=1"])
        #expect(parsed.file == Array("x".utf8))
    }

    @Test func `fields after the file are ignored, a second file is refused`() throws {
        let parsed = try parse(
            Array((part("key", "k") + file("x") + part("late", "1") + "--bo--").utf8))
        #expect(parsed.fields == ["key=k"])
        #expect(code(file("x") + file("y") + "--bo--") == "InvalidArgument")
    }

    @Test func `a field behind the file is passed over up to its bound, however the body is cut`()
        throws
    {
        let late = part("late", String(repeating: "x", count: 60_000))
        let body = Array((part("key", "k") + file("data") + late + "--bo--\r\n").utf8)
        let whole = try parse(body)
        #expect(whole.isComplete && whole.file == Array("data".utf8))
        #expect(try parse(body, cuts: Array(stride(from: 100, to: body.count, by: 100))) == whole)
    }

    @Test func `a head or white space without end is refused, however the body is cut`() {
        let padding = String(repeating: " ", count: 30_000)
        for body in [
            file("data") + "--bo" + padding + "\r\n\r\n",
            file("data") + "--bo\r\nContent-Disposition: form-data; name=a;" + padding
                + "\r\n\r\nx\r\n--bo--",
        ] {
            let bytes = Array(body.utf8)
            #expect(throws: S3Failure.self) { try parse(bytes) }
            #expect(throws: S3Failure.self) {
                try parse(bytes, cuts: Array(stride(from: 100, to: bytes.count, by: 100)))
            }
        }
    }

    @Test func `what precedes the file may take 20,480 bytes and not one more`() throws {
        func body(total: Int) -> String {
            let head = part("pad", "").utf8.count + file("").utf8.count - 2
            return part("pad", String(repeating: "p", count: total - head)) + file("x") + "--bo--"
        }
        #expect(code(body(total: 20_480)) == nil)
        #expect(code(body(total: 20_481)) == "MaxPostPreDataLengthExceeded")
        #expect(
            code(part("pad", String(repeating: "p", count: 30_000)))
                == "MaxPostPreDataLengthExceeded")
    }

    @Test(arguments: [
        "--bo\r\nContent-Type: text/plain\r\n\r\nx\r\n--bo--",
        "--bo\r\nContent-Disposition: form-data\r\n\r\nx\r\n--bo--",
        "--box\r\n\r\n",
    ])
    func `a part without a name is malformed`(body: String) {
        #expect(code(body) == "MalformedPOSTRequest")
    }
}
