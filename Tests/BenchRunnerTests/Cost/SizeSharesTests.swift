import Foundation
import Testing

@testable import BenchRunner

@Suite struct SizeSharesTests {
    private func parse(_ text: String) throws -> SizeShares {
        try SizeShares.parse(text, "--size-distribution")
    }

    @Test func `a size, a list with shares and a lognormal are read`() throws {
        #expect(try parse("256KiB") == .listed([.init(bytes: 262_144, weight: 1)]))
        #expect(
            try parse("1MiB:30%,64KiB:60%,8MiB:10%")
                == .listed([
                    .init(bytes: 65_536, weight: 60), .init(bytes: 1_048_576, weight: 30),
                    .init(bytes: 8_388_608, weight: 10),
                ]))
        #expect(
            try parse("lognormal:median=300KiB,p95=4MiB")
                == .lognormal(median: 307_200, p95: 4_194_304))
    }

    @Test(arguments: [
        ("", "is not a size"), ("1MiB:50%", "50%, not to 100%"),
        ("1MiB:60%,2MiB:60%", "120%"), ("1MiB:50%,1MiB:50%", "twice"),
        ("1MiB:half,2MiB:50%", "write 64KiB:60%"), ("1MiB,2MiB", "write 64KiB:60%"),
        ("1MiB:-10%,2MiB:110%", "write 64KiB:60%"), ("60TiB", "larger than any S3 object"),
        ("lognormal:median=4MiB,p95=1MiB", "above the median"),
        ("lognormal:median=0,p95=1MiB", "above 0"), ("lognormal:median=1MiB", "needs a median"),
        ("lognormal:median=1MiB,p99=2MiB", "does not fit"),
        ("lognormal:median=1MiB,median=2MiB", "does not fit"),
    ])
    func `a distribution that is none says what to write`(text: String, part: String) {
        let error = #expect(throws: CommandError.self) { try parse(text) }
        #expect(error?.message.contains(part) ?? false, "\(error?.message ?? "")")
    }

    @Test(arguments: [1, 10, 9_999_999, 10_000_000_000])
    func `the classes add up to the uploads exactly`(uploads: Int64) throws {
        for text in [
            "1MiB", "64KiB:33.3%,1MiB:33.3%,8MiB:33.4%", "lognormal:median=300KiB,p95=4MiB",
        ] {
            let classes = try parse(text).classes(uploads: uploads, steps: CostBasis().steps())
            let sum = classes.reduce(Quantity.zero) { $0 + $1.uploads }
            #expect(sum == Quantity(uploads))
        }
    }

    @Test func `a lognormal has its mean, its median and its p95`() throws {
        let classes = try parse("lognormal:median=300KiB,p95=4MiB").classes(
            uploads: 1_000_000, steps: [307_200, 4_194_304])
        let share = { (limit: Int64) in
            classes.filter { $0.bytes <= limit }.reduce(0) { $0 + $1.uploads.value } / 1e6
        }
        #expect(abs(share(307_200) - 0.5) < 1e-6)
        #expect(abs(share(4_194_304) - 0.95) < 1e-6)
        // The mean of a lognormal is median × exp(σ²/2), σ = ln(p95/median)/1.644854.
        let sigma = log(4_194_304.0 / 307_200) / 1.6448536269514722
        let mean = classes.reduce(0) { $0 + Double($1.bytes) * $1.uploads.value } / 1e6
        #expect(abs(mean / (307_200 * exp(sigma * sigma / 2)) - 1) < 1e-4)
    }

    @Test func `no class lies on both sides of a step`() throws {
        let shares = try parse("lognormal:median=500KiB,p95=3MiB")
        let coarse = shares.classes(uploads: 1_000_000, steps: [])
        let stepped = shares.classes(uploads: 1_000_000, steps: [524_288])
        let below = { (classes: [SizeClass]) in
            classes.filter { $0.bytes <= 524_288 }.reduce(0) { $0 + $1.uploads.value }
        }
        // Φ(ln(512/500)/σ) with σ = ln(3072/500)/1.644854 = 1.103731: Φ(0.021488) = 0.508572.
        #expect(abs(below(stepped) / 1e6 - 0.508572) < 2e-6)
        #expect(abs(below(coarse) / 1e6 - 0.508572) > 2e-6)
    }
}
