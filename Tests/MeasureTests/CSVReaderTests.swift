import Measure
import Testing

@Suite struct CSVReaderTests {
    /// Hands a text over in blocks of that many bytes.
    private func reader(_ text: String, blockBytes: Int) throws -> CSVReader {
        var rest = Array(text.utf8)[...]
        return try CSVReader { () throws(CSVError) in
            defer { rest = rest.dropFirst(blockBytes) }
            return Array(rest.prefix(blockBytes))
        }
    }

    @Test(arguments: 1...12)
    func `rows are the same wherever a block ends`(blockBytes: Int) throws {
        let text = "name,\"a,b\",n\r\n\"say \"\"hi\"\"\",\"two\r\nlines\",-7\n,ünï,0\n"
        var reader = try reader(text, blockBytes: blockBytes)
        #expect(reader.header == ["name", "a,b", "n"])
        #expect(try reader.advance())
        #expect(try reader.text(0) == "say \"hi\"")
        #expect(try reader.text(1) == "two\r\nlines")
        #expect(try reader.integer(2) == -7)
        #expect(reader.line == 2)
        #expect(try reader.advance())
        #expect(try reader.integer(0) == nil)
        #expect(try reader.text(1) == "ünï")
        #expect(reader.line == 4, "the field with a line end took two lines")
        #expect(try !reader.advance())
    }

    @Test func `a million rows need no more memory than a few`() throws {
        var blocks = 0
        let block = Array(String(repeating: "1,22\n", count: 1000).utf8)
        var reader = try CSVReader { () throws(CSVError) in
            blocks += 1
            return blocks == 1 ? Array("a,b\n".utf8) : blocks <= 101 ? block : []
        }
        var (rows, blocksAtHalf) = (0, 0)
        while try reader.advance() {
            rows += 1
            if rows == 50_000 { blocksAtHalf = blocks }
        }
        #expect(rows == 100_000)
        #expect((50...52).contains(blocksAtHalf), "blocks are asked for as rows are read")
    }

    @Test(arguments: [
        ("12x", "'12x' is not a whole number"), ("-", "'-' is not a whole number"),
        ("1.5", "'1.5' is not a whole number"),
        ("99999999999999999999", "'99999999999999999999' is not a whole number"),
    ])
    func `what is no whole number is refused with line and column`(
        text: String, reason: String
    ) throws {
        var reader = try reader("a,count\nx,\(text)\n", blockBytes: 100)
        _ = try reader.advance()
        #expect(throws: CSVError(line: 2, column: "count", reason: reason)) {
            try reader.integer(1)
        }
    }

    @Test(arguments: ["nan", "inf", "0x10", "1,5", "1 "])
    func `what is no decimal number is refused`(text: String) throws {
        var reader = try reader("count\n\"\(text)\"\n", blockBytes: 100)
        _ = try reader.advance()
        #expect(throws: CSVError.self) { try reader.decimal(0) }
    }

    @Test(arguments: [
        ("a,b\n1,2\r3,4\n", 2, "a carriage return that ends no line"),
        ("a\n\"x\"y\n", 2, "text after a closing quote"),
        ("a\n1\n2", 3, "the line has no end: the file is truncated"),
    ])
    func `what RFC 4180 does not have is refused`(text: String, line: Int, reason: String) {
        #expect(throws: CSVError(line: line, reason: reason)) {
            var reader = try reader(text, blockBytes: 3)
            while try reader.advance() {}
        }
    }

    @Test func `a field without an end is refused before it fills the memory`() {
        #expect(throws: CSVError.self) {
            var blocks = 0
            var reader = try CSVReader { () throws(CSVError) in
                blocks += 1
                return blocks == 1 ? Array("a\n".utf8) : [UInt8](repeating: 0x61, count: 65_536)
            }
            _ = try reader.advance()
        }
    }
}
