import Foundation
import Testing

@testable import BenchRunner

@Suite struct ScaleTests {
    @Test func `the ends of the domain stand at the ends of the range`() {
        for kind in [Scale.Kind.linear, .logarithmic] {
            let scale = Scale(kind, domain: 2...200, start: 300, end: 20)
            #expect(scale.position(2) == 300)
            #expect(abs(scale.position(200) - 20) < 1e-9)
        }
    }

    @Test func `a logarithmic scale gives every factor the same distance`() {
        let scale = Scale(.logarithmic, domain: 1...10_000, start: 0, end: 400)
        for (value, position) in [(10.0, 100.0), (100, 200), (1000, 300), (sqrt(10), 50)] {
            #expect(abs(scale.position(value) - position) < 1e-9)
        }
    }

    @Test func `a domain of one value has it in the middle`() {
        #expect(Scale(.linear, domain: 5...5, start: 0, end: 10).position(5) == 5)
        #expect(Scale(.linear, domain: 0...0, start: 0, end: 10).position(0) == 5)
        let log = Scale(.logarithmic, domain: 8...8, start: 0, end: 10)
        #expect(abs(log.position(8) - 5) < 1e-9)
    }

    @Test func `values outside stand at the end, and nothing is infinite`() {
        let scale = Scale(.logarithmic, domain: 1...10, start: 0, end: 10)
        #expect(scale.position(0) == 0)
        #expect(scale.position(1e300) == 10)
        #expect(Scale(.logarithmic, domain: 0...0, start: 0, end: 10).position(1).isFinite)
    }

    @Test(arguments: [
        (0.0, 100.0, 5, [0.0, 20, 40, 60, 80, 100]),
        (0, 7, 5, [0, 2, 4, 6]),
        (3, 3.4, 4, [3, 3.1, 3.2, 3.3, 3.4]),
        (-5, 5, 4, [-5, 0, 5]),
        (0, 1_234_567, 5, [0, 500_000, 1_000_000]),
    ])
    func `linear ticks are multiples of 1, 2 or 5`(
        low: Double, high: Double, count: Int, wanted: [Double]
    ) {
        let ticks = Ticks.linear(low...high, count: count)
        #expect(ticks.count == wanted.count)
        for (tick, value) in zip(ticks, wanted) { #expect(abs(tick - value) < 1e-9 * high) }
        #expect(ticks.allSatisfy { $0.sign == .plus || $0 != 0 }, "no minus zero")
    }

    @Test func `logarithmic ticks are round, inside, and never too many`() {
        for exponent in stride(from: 0.05, through: 12, by: 0.35) {
            let domain = 3.7...(3.7 * pow(10, exponent))
            let ticks = Ticks.logarithmic(domain, count: 5)
            #expect((2...8).contains(ticks.count), "\(domain): \(ticks)")
            #expect(ticks == ticks.sorted())
            #expect(ticks.allSatisfy { $0 >= 3.69 && $0 <= domain.upperBound * 1.001 })
        }
        #expect(Ticks.logarithmic(1...1000, count: 5) == [1, 10, 100, 1000])
    }

    @Test func `percentile ticks go as far as the axis`() {
        #expect(
            Ticks.percentiles(upTo: 1000).map(\.percent) == ["0%", "50%", "90%", "99%", "99.9%"])
        #expect(Ticks.percentiles(upTo: 96).map(\.percent) == ["0%", "50%", "90%", "95%"])
        #expect(Ticks.percentiles(upTo: 1e5).last?.percent == "99.999%")
    }

    @Test func `times are logarithmic only where small ones could not be read`() {
        #expect(Axis.microseconds("t", covering: [100, 900]).kind == .linear)
        #expect(Axis.microseconds("t", covering: [100, 1100]).kind == .logarithmic)
        #expect(Axis.microseconds("t", covering: [100, 900]).domain.lowerBound == 0)
        #expect(!Axis.microseconds("t", covering: []).ticks.isEmpty)
    }

    @Test(arguments: [
        (0.0, "0"), (250, "250 µs"), (1500, "1.5 ms"), (2_000_000, "2 s"), (12_345_678, "12.35 s"),
    ])
    func `times on axes have no zeros at their end`(microseconds: Double, text: String) {
        #expect(Axis.time(microseconds) == text)
    }

    @Test func `labels of sizes do not run into each other`() {
        let sizes = (0..<60).map { Double(1000 + $0 * 1000) }
        let axis = Axis.bytes("size", measured: sizes)
        let scale = axis.scale(start: 0, end: 300)
        let positions = axis.ticks.map { scale.position($0.value) }
        #expect(axis.ticks.count > 3)
        #expect(zip(positions, positions.dropFirst()).allSatisfy { $1 - $0 > 30 })
        #expect(
            Axis.bytes("size", measured: [65_536, 1_048_576]).ticks.map(\.label) == [
                "64 KiB", "1 MiB",
            ])
    }
}
