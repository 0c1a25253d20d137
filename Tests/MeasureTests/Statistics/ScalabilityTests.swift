import Foundation
import Testing

@testable import Measure

@Suite struct ScalabilityTests {
    private let clients = [1.0, 2, 4, 8, 16, 32, 64, 128]

    private func points(
        _ law: ScalabilityLaw, noise: Double, rounds: Int, _ random: inout SeededRandom
    ) -> [ScalabilityLaw.Point] {
        clients.flatMap { count in
            (0..<rounds).map { _ in
                .init(
                    clients: count,
                    throughput: law.throughput(count) * (1 + noise * random.nextNormal()))
            }
        }
    }

    @Test func `exact data give the law back`() throws {
        let law = ScalabilityLaw(lambda: 120, sigma: 0.04, kappa: 0.0007)
        var random = SeededRandom(seed: 1)
        let fit = try #require(ScalabilityFit(points(law, noise: 0, rounds: 1, &random)))
        #expect(abs(fit.law.lambda - 120) < 1e-6)
        #expect(abs(fit.law.sigma - 0.04) < 1e-8)
        #expect(abs(fit.law.kappa - 0.0007) < 1e-10)
        // √((1 − 0.04) / 0.0007) = 37.03
        #expect(abs((fit.law.peakClients ?? 0) - 37.0328) < 1e-3)
    }

    @Test(arguments: [(100.0, 0.05, 0.001, 0.02), (800, 0.02, 0.0005, 0.03)])
    func `95% intervals hold the truth in 93 to 97% of 500 trials`(
        lambda: Double, sigma: Double, kappa: Double, noise: Double
    ) {
        let law = ScalabilityLaw(lambda: lambda, sigma: sigma, kappa: kappa)
        var random = SeededRandom(seed: 5)
        var held = [0, 0, 0]
        for trial in 0..<500 {
            guard let fit = ScalabilityFit(points(law, noise: noise, rounds: 3, &random)) else {
                continue
            }
            let intervals = ScalabilityIntervals(fit, seed: UInt64(trial))
            if intervals.lambda.contains(lambda) { held[0] += 1 }
            if intervals.sigma.contains(sigma) { held[1] += 1 }
            if intervals.kappa.contains(kappa) { held[2] += 1 }
        }
        for count in held { #expect((465...485).contains(count), "\(held)") }
    }

    @Test func `no coefficient is negative, and a law without crosstalk has no peak`() throws {
        let law = ScalabilityLaw(lambda: 50, sigma: 0.1, kappa: 0)
        var random = SeededRandom(seed: 2)
        for _ in 0..<50 {
            let fit = try #require(ScalabilityFit(points(law, noise: 0.02, rounds: 2, &random)))
            #expect(fit.law.sigma >= 0 && fit.law.kappa >= 0)
            let intervals = ScalabilityIntervals(fit, seed: 1)
            #expect(intervals.kappa.lowerBound >= 0)
        }
        #expect(law.peakClients == nil)
        #expect(law.peakThroughput == 500)
    }

    @Test func `too few points make no law`() {
        #expect(ScalabilityFit([]) == nil)
        let same = (0..<9).map { _ in ScalabilityLaw.Point(clients: 4, throughput: 10) }
        #expect(ScalabilityFit(same) == nil)
        let failed = clients.map { ScalabilityLaw.Point(clients: $0, throughput: 0) }
        #expect(ScalabilityFit(failed) == nil)
    }

    @Test func `the band around the curve holds the curve`() throws {
        let law = ScalabilityLaw(lambda: 100, sigma: 0.05, kappa: 0.001)
        var random = SeededRandom(seed: 9)
        let fit = try #require(ScalabilityFit(points(law, noise: 0.02, rounds: 3, &random)))
        let intervals = ScalabilityIntervals(fit, seed: 1)
        for count in clients {
            #expect(intervals.throughput(count).contains(fit.law.throughput(count)))
        }
    }

    @Test func `Little's law holds for clients that never pause`() {
        #expect(
            ScalabilityFit.littlesRatio(clients: 8, perSecond: 40, meanSeconds: 0.2) == 1)
    }
}
