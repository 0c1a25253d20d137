import Testing

@testable import BenchRunner

@Suite struct ArgumentsTests {
    private let command = Command(
        name: "try", summary: "", usage: ["try [FLAGS]"],
        flags: [
            Flag(name: "size", valueName: "LIST", help: ""),
            Flag(name: "concurrency", short: "c", valueName: "N", help: ""),
            Flag(name: "quiet", short: "q", help: ""),
            Flag(name: "slo", valueName: "TEXT", help: "", isRepeatable: true),
        ],
        operands: 0...1, run: { _ in .success })

    private func parse(_ words: String...) throws -> Arguments {
        try Arguments(words, for: command)
    }

    private func message(_ words: String...) -> String {
        do {
            _ = try Arguments(words, for: command)
            return ""
        } catch {
            #expect(error.exitCode == .usage)
            return error.message
        }
    }

    @Test func `a value may follow its flag, an equals sign or a letter`() throws {
        #expect(try parse("--size", "1MiB").value("size") == "1MiB")
        #expect(try parse("--size=1MiB").value("size") == "1MiB")
        #expect(try parse("-c", "4").value("concurrency") == "4")
        #expect(try parse("-c4").value("concurrency") == "4")
    }

    @Test func `an unknown flag names the nearest one`() {
        #expect(message("--sise", "1").contains("did you mean --size?"))
        #expect(message("--concurency=1").contains("did you mean --concurrency?"))
        #expect(!message("--zzzzzzzzzz").contains("did you mean"))
    }

    @Test func `a flag without its value, given twice, or a switch with a value is refused`() {
        #expect(message("--size").contains("needs a value"))
        #expect(message("--size", "1", "--size", "2").contains("given twice"))
        #expect(message("--quiet=yes").contains("takes no value"))
    }

    @Test func `a repeatable flag keeps all its values in order`() throws {
        #expect(try parse("--slo", "a", "--slo", "b").all("slo") == ["a", "b"])
    }

    @Test func `words after two dashes are operands`() throws {
        #expect(try parse("--", "--size").operands == ["--size"])
        #expect(message("one", "two").contains("unexpected 'two'"))
    }
}

@Suite struct QuantitiesTests {
    @Test(arguments: [
        ("4096", 4096), ("256KiB", 262_144), ("4MiB", 4_194_304), ("10MB", 10_000_000),
        ("1.5GiB", 1_610_612_736), ("0", 0), ("1k", 1024),
    ])
    func `sizes are read with their unit`(text: String, bytes: Int64) throws {
        #expect(try Quantities.bytes(text, "--size") == bytes)
    }

    @Test(arguments: [
        "", "x", "-1", "1.5", "1e3", "MiB", "1 MiB", "99999999TiB", "0x10", "nan", "inf",
    ])
    func `what is no size is refused`(text: String) {
        #expect(throws: CommandError.self) { try Quantities.bytes(text, "--size") }
    }

    @Test(arguments: [
        ("500ms", 0.5), ("30s", 30), ("2m", 120), ("1h", 3600), ("5", 5), ("250us", 0.00025),
    ])
    func `durations are read with their unit`(text: String, seconds: Double) throws {
        #expect(try Quantities.duration(text, "-d").inSeconds == seconds)
    }
}
