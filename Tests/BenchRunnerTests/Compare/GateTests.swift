import Foundation
import Measure
import Testing

@testable import BenchRunner

/// Rounds as values, without files.
struct SimulatedRounds {
    var random: SeededRandom
    /// Of the logarithm, between rounds of one side.
    var noise = 0.04
    var uploads = 200

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// Both sides drift alike, as in interleaved rounds; `slowdown` is the candidate's latencies.
    mutating func subject(_ name: String, rounds: Int, slowdown: Double) -> PairedRounds.Subject {
        var sides: [[Int: PairedRounds.Round]] = [[:], [:]]
        for round in 1...rounds {
            let drift = 0.3 * Double(round) / Double(rounds)
            for side in 0...1 {
                let shift = drift + (side == 1 ? log(slowdown) : 0)
                sides[side][round] = self.round(shift)
            }
        }
        let key = CellKey(
            scenario: name, sizeBytes: 1024, link: "", model: "closed", concurrency: 1,
            ratePerSecond: nil)
        return PairedRounds.Subject(subject: .cell(key), base: sides[0], candidate: sides[1])
    }

    private mutating func round(_ shift: Double) -> PairedRounds.Round {
        let common = normal() * noise
        let latency = 0.02 * exp(shift + common)
        var values: [GateMetric: Double] = [:]
        for (metric, factor) in [(GateMetric.p50, 1.0), (.p95, 2), (.p99, 3)] {
            values[metric] = latency * factor * exp(normal() * noise / 2)
        }
        values[.goodput] = 1e6 / latency * exp(normal() * noise / 2)
        values[.cpu] = 300 * exp(normal() * noise)
        let measured = values
        return PairedRounds.Round(uploads: uploads, errors: 0) { [uploads] metric in
            uploads >= metric.uploadsNeeded ? measured[metric] : nil
        }
    }

    /// Box and Muller: "A note on the generation of random normal deviates", 1958.
    mutating func normal() -> Double {
        let radius = (-2 * log(1 - random.nextUniform())).squareRoot()
        return radius * cos(2 * .pi * random.nextUniform())
    }
}

@Suite struct GateTests {
    private func gate(
        seed: UInt64 = 1, rounds: Int = 20, slowdown: Double = 1, noise: Double = 0.04,
        uploads: Int = 200
    ) -> Gate {
        var simulation = SimulatedRounds(seed: seed)
        simulation.noise = noise
        simulation.uploads = uploads
        let subjects = ["presigned-put", "presigned-post"].map {
            simulation.subject($0, rounds: rounds, slowdown: slowdown)
        }
        return Gate(PairedRounds(subjects: subjects), GateSettings())
    }

    private func verdicts(_ gate: Gate, _ metric: GateMetric) -> [GateVerdict] {
        gate.rows.filter { $0.metric == metric }.map(\.verdict)
    }

    @Test func `of 200 comparisons of equals at most 5% cry regression`() {
        let alarms = (0..<200).count { gate(seed: UInt64($0)).verdict == .regression }
        #expect(alarms <= 10)
    }

    @Test func `of 200 slowdowns by 10% at least 90% are found in 20 rounds`() {
        let found = (0..<200).count {
            gate(seed: UInt64($0) + 1000, slowdown: 1.1).verdict == .regression
        }
        #expect(found >= 180)
    }

    @Test func `a large slowdown is a regression, its reverse an improvement`() {
        let slower = gate(slowdown: 1.3)
        #expect(slower.exitCode == .regression)
        #expect(verdicts(slower, .p50) == [.regression, .regression])
        #expect(verdicts(slower, .goodput) == [.regression, .regression])
        let faster = gate(slowdown: 1 / 1.3)
        #expect(verdicts(faster, .p99) == [.improvement, .improvement])
        #expect(verdicts(faster, .goodput) == [.improvement, .improvement])
    }

    @Test func `equal runs with little noise are equivalent`() {
        let equal = gate(noise: 0.005)
        #expect(equal.verdict == .equivalent)
        #expect(equal.exitCode == .success)
    }

    @Test func `a clear change within its margin is no regression`() {
        let slightly = gate(slowdown: 1.02, noise: 0.002)
        #expect(slightly.rows(.regression).isEmpty)
        #expect(slightly.rows.first { $0.metric == .p50 }?.adjustedPValue ?? 1 < 0.05)
    }

    @Test func `noise that hides the margin is called underpowered, with the rounds that would do`()
        throws
    {
        let noisy = gate(rounds: 10, noise: 0.3)
        #expect(noisy.exitCode == .inconclusive)
        let row = try #require(noisy.rows(.underpowered).first)
        let needed = try #require(row.roundsNeeded)
        #expect(needed > 10)
        #expect(row.note.contains("\(needed) rounds would do"))
    }

    @Test func `fewer than six rounds cannot be judged, however large the change`() {
        let few = gate(rounds: 5, slowdown: 3)
        #expect(few.rows(.regression).isEmpty)
        #expect(few.exitCode == .inconclusive)
        #expect(few.rows.first { $0.metric == .p50 }?.note.contains("5 paired rounds") == true)
    }

    @Test func `a percentile is refused where its rounds have too few uploads`() {
        let small = gate(slowdown: 1.5, uploads: 50)
        #expect(verdicts(small, .p99) == [.notJudged, .notJudged])
        #expect(verdicts(small, .p95) == [.regression, .regression])
        #expect(small.rows.first { $0.metric == .p99 }?.note.contains("needs 100 uploads") == true)
    }

    @Test func `more errors are a regression, whatever the latency`() throws {
        let key = CellKey(
            scenario: "presigned-put", sizeBytes: 1, link: "", model: "closed", concurrency: 1,
            ratePerSecond: nil)
        let rounds = { (uploads: Int, errors: Int, latency: Double) in
            Dictionary(
                uniqueKeysWithValues: (1...8).map { round in
                    (
                        round,
                        PairedRounds.Round(uploads: uploads, errors: errors) {
                            $0 == .p50 ? latency + Double(round) : nil
                        }
                    )
                })
        }
        let subject = PairedRounds.Subject(
            subject: .cell(key), base: rounds(100, 0, 200), candidate: rounds(95, 5, 100))
        let gate = Gate(PairedRounds(subjects: [subject]), GateSettings())
        #expect(gate.verdict == .regression)
        #expect(verdicts(gate, .p50) == [.improvement])
        #expect(verdicts(gate, .errors) == [.regression])
        let row = try #require(gate.rows.first { $0.metric == .errors })
        #expect(row.counts?.candidate == ErrorCount(errors: 40, uploads: 800))
    }

    @Test func `margins and the level are the user's`() throws {
        let words = ["a", "b", "--margin", "50%", "--margin-p99", "0.6", "--alpha", "1%"]
        let settings = try GateSettings(Settings(Arguments(words, for: .compare), for: .compare))
        #expect(settings.margin(.p50) == 0.5)
        #expect(settings.margin(.p99) == 0.6)
        #expect(settings.alpha == 0.01)
        for wrong in [["--margin", "0"], ["--margin", "5"], ["--metrics", "p51"]] {
            #expect(throws: CommandError.self) {
                try GateSettings(
                    Settings(Arguments(["a", "b"] + wrong, for: .compare), for: .compare))
            }
        }
    }
}
