import Foundation
import Measure

@testable import BenchRunner

/// What `run` is told: a plan file where the input begins with `{` or `[`, words of its command line
/// otherwise, one a line. A plan comes out whose numbers are within their bounds, or a usage error
/// that says something.
enum PlanTarget {
    static func run(_ input: [UInt8]) throws {
        let first = try outcome(input)
        try expect(!first.hasPrefix("FINDING"), first)
        let again = try outcome(input)
        try expect(first == again, "once '\(first)', once '\(again)'")
    }

    private static func outcome(_ input: [UInt8]) throws -> String {
        do throws(CommandError) {
            let plan = try plan(input)
            do { try check(plan) } catch { return "FINDING \(error)" }
            return "\(plan.scenarios) \(plan.sizesBytes) \(plan.extent) \(plan.seed)"
        } catch {
            guard error.exitCode == .usage, !error.message.isEmpty else {
                return "FINDING exit code \(error.exitCode)"
            }
            return error.message
        }
    }

    private static func plan(_ input: [UInt8]) throws(CommandError) -> RunPlan {
        guard let first = input.first, first == 0x7B || first == 0x5B else {
            // A file that happens to be there is no part of the input.
            let words = input.parts(at: 10).map { String(decoding: $0, as: UTF8.self) }
                .filter { !$0.hasPrefix("--plan") && !$0.hasPrefix("--profile") && $0 != "aws" }
            let arguments = try Arguments(words, for: .run)
            return try RunPlan(Settings(arguments, for: .run, environment: [:]))
        }
        let made = ScratchFile.with(["plan.json": input[...]]) { folder in
            Result { () throws(CommandError) in
                let arguments = try Arguments([], for: .run)
                let settings = try Settings(
                    arguments, for: .run, environment: [:], planPath: "\(folder)/plan.json")
                guard settings.text("target") != "aws" else { throw CommandError.usage("aws") }
                return try RunPlan(settings)
            }
        }
        return try made.get()
    }

    private static func check(_ plan: RunPlan) throws {
        try expect((1...100_000).contains(plan.concurrency), "concurrency \(plan.concurrency)")
        try expect((1...10_000).contains(plan.rounds), "rounds \(plan.rounds)")
        try expect((1...604_800).contains(plan.expiresSeconds), "expires \(plan.expiresSeconds)")
        try expect(plan.warmup >= .zero, "warmup \(plan.warmup)")
        try expect(!plan.scenarios.isEmpty && !plan.sizesBytes.isEmpty, "a plan of nothing")
        try expect(plan.sizesBytes.allSatisfy { $0 >= 0 }, "sizes \(plan.sizesBytes)")
        try expect(plan.client.partBytes >= 5 << 20, "parts of \(plan.client.partBytes)")
        switch plan.extent {
        case .duration(let time): try expect(time > .zero, "a duration of \(time)")
        case .uploads(let count): try expect(count >= 0, "\(count) uploads")
        }
        guard let profile = plan.open?.profile else { return }
        try expect(profile.peakPerSecond.isFinite && profile.peakPerSecond > 0, "\(profile)")
        let expected = profile.expectedArrivals(untilSeconds: 60)
        try expect(expected.isFinite && expected >= 0, "\(expected) arrivals by \(profile)")
    }
}
