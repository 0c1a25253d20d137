import Foundation
import Testing

@testable import BenchRunner

@Suite struct RunPlanTests {
    private func plan(_ words: [String], environment: [String: String] = [:]) throws -> RunPlan {
        let arguments = try Arguments(words, for: .run)
        return try RunPlan(Settings(arguments, for: .run, environment: environment))
    }

    private func message(_ words: String...) -> String { message(words) }

    private func message(_ words: [String]) -> String {
        do {
            _ = try plan(words)
            return ""
        } catch {
            return (error as? CommandError)?.message ?? ""
        }
    }

    @Test func `a flag wins over the environment, which wins over the plan file`() throws {
        let path = NSTemporaryDirectory() + "plan-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try #"{"rounds": 7, "concurrency": 5, "seed": "9"}"#.write(
            toFile: path, atomically: true, encoding: .utf8)
        let plan = try plan(
            ["--plan", path, "-c", "3"],
            environment: ["UPLOADBENCH_CONCURRENCY": "4", "UPLOADBENCH_ROUNDS": "6"])
        #expect(plan.concurrency == 3)
        #expect(plan.rounds == 6)
        #expect(plan.seed == 9)
    }

    @Test func `an unknown plan key names the nearest one`() throws {
        let path = NSTemporaryDirectory() + "plan-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try #"{"round": 7}"#.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(message("--plan", path).contains("did you mean 'rounds'?"))
    }

    @Test func `of several unknown plan keys the first by name is told, each time`() throws {
        let path = NSTemporaryDirectory() + "plan-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try #"{"zzzz": 1, "mmmm": 1, "bbbb": 1, "yyyy": 1, "cccc": 1}"#.write(
            toFile: path, atomically: true, encoding: .utf8)
        for _ in 0..<8 { #expect(message("--plan", path).contains("'bbbb'")) }
    }

    @Test func `a plan file that is absent or broken is a usage error`() throws {
        #expect(message("--plan", "/nowhere.json").contains("cannot be read"))
        let path = NSTemporaryDirectory() + "plan-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try #"{"rounds": "#.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(message("--plan", path).contains("not valid JSON"))
    }

    @Test func `contradictions are refused`() {
        #expect(message("-n", "5", "-d", "1s").contains("not both"))
        #expect(message("--target", "http://127.0.0.1:1").contains("needs --bucket"))
        #expect(
            message("--target", "http://127.0.0.1:1", "--bucket", "b").contains("--signer local"))
        #expect(message("--scenarios", "presigned-pat").contains("did you mean 'presigned-put'?"))
        #expect(message("--size", "6GiB").contains("at most 5368709120"))
        #expect(message("--expires", "604801").contains("604800"))
        #expect(message("--client", "browser", "--no-expect").contains("never sends Expect"))
    }

    @Test func `without a signer there are only PUTs, and not to the embedded store`() throws {
        let words = ["--target", "http://127.0.0.1:1", "--bucket", "b", "--signer", "none"]
        #expect(try plan(words).scenarios == [.presignedPut])
        #expect(
            message(words + ["--scenarios", "presigned-post"]).contains("goes with presigned-put"))
        #expect(message("--signer", "none").contains("goes with --target URL"))
    }

    @Test func `only the embedded target can be told to speak TLS`() throws {
        let words = ["--target", "https://127.0.0.1:1", "--bucket", "b", "--signer", "local"]
        #expect(message(words + ["--tls"]).contains("https URL"))
        #expect(throws: CommandError.self) {
            try plan(words, environment: ["UPLOADBENCH_TLS": "1"])
        }
        _ = try plan(words, environment: ["UPLOADBENCH_TLS": "0"])
    }

    @Test func `every cell comes once per round, in an order that only the seed decides`() throws {
        let first = try plan(["--rounds", "4", "--seed", "3"]).cells()
        let again = try plan(["--rounds", "4", "--seed", "3"]).cells()
        let name = { (cell: Cell) in "\(cell.scenario) \(cell.sizeBytes ?? 0) \(cell.round)" }
        #expect(first.map(name) == again.map(name))
        #expect(Set(first.map(name)).count == 9 * 2 * 4)
        #expect(first.map(\.round) == first.map(\.round).sorted())
    }
}
