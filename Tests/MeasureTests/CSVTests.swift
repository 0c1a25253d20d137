import Measure
import Testing

@Suite struct CSVTests {
    @Test func `fields with commas, quotes and line ends survive a round trip`() throws {
        let fields = ["plain", "a,b", "say \"hi\"", "two\r\nlines", "", "ünïcode"]
        var encoder = CSVEncoder()
        fields.indices.forEach { encoder.field("column\($0)") }
        encoder.endRow()
        fields.forEach { encoder.field($0) }
        encoder.endRow()
        #expect(try CSVDecoder(encoder.bytes).rows == [fields])
    }

    @Test func `a missing number is an empty field and not a zero`() {
        var encoder = CSVEncoder()
        encoder.field(nil as Int64?)
        encoder.field(0)
        encoder.field(nil, places: 3)
        encoder.field(Double.nan, places: 3)
        encoder.endRow()
        #expect(String(decoding: encoder.bytes, as: UTF8.self) == ",0,,\n")
    }

    @Test(arguments: [
        (12.5, 3, "12.5"), (0.0004, 3, "0"), (-1.25, 2, "-1.25"), (3.0, 2, "3"), (0.05, 2, "0.05"),
        (-0.5, 1, "-0.5"), (1e6, 0, "1000000"),
    ])
    func `decimals are written without an exponent`(value: Double, places: Int, expected: String) {
        var encoder = CSVEncoder()
        encoder.field(value, places: places)
        encoder.endRow()
        #expect(String(decoding: encoder.take(), as: UTF8.self) == expected + "\n")
    }

    @Test(arguments: [
        ("a,b\n1,2\n3", 3, "the line has no end: the file is truncated"),
        ("a,b\n1\n", 2, "1 fields where the header has 2"),
        ("a,b\n\"1,2\n", 2, "a quoted field has no end"),
        ("a,b\n1,x\"y\n", 2, "a quote inside a field without quotes"),
        ("", 1, "the file is empty"),
    ])
    func `a damaged file is refused with its line`(text: String, line: Int, reason: String) {
        #expect(throws: CSVError(line: line, reason: reason)) {
            try CSVDecoder(Array(text.utf8))
        }
    }

    @Test func `numbers are written as Swift writes them, whatever their length`() {
        var numbers: [Int64] = Array(0...1001) + [.min, .max, -1, -10]
        var power: Int64 = 1
        for _ in 0..<18 {
            power *= 10
            numbers += [power - 1, power, -power]
        }
        var csv = CSVEncoder()
        numbers.forEach { csv.field($0) }
        csv.endRow()
        let text = numbers.map(String.init).joined(separator: ",") + "\n"
        #expect(String(decoding: csv.take(), as: UTF8.self) == text)
    }

    @Test func `a row that is longer than the row buffer arrives whole`() throws {
        let fields = [
            String(repeating: "a", count: 500), "b,\"c", String(repeating: "d", count: 9000),
        ]
        var csv = CSVEncoder()
        for _ in 0..<3 {
            fields.forEach { csv.field($0) }
            csv.endRow()
        }
        let line = "\(fields[0]),\"b,\"\"c\",\(fields[2])\n"
        #expect(String(decoding: csv.take(), as: UTF8.self) == line + line + line)
    }
}
