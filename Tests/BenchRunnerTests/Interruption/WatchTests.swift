import Foundation
import Testing

@testable import BenchRunner

@Suite struct WatchTests {
    @Test func `only a process that stays stopped for five seconds is given up`() {
        var watch = HaltWatch()
        var states: [Character] = Array("TTTTTTTTTSTTTTTTTTTTTTT")
        var found: [Int] = []
        for look in 0..<22 {
            let isHalted = watch.isHalted(1, nowNs: Int64(look) * 500_000_000) { _ in
                states.removeFirst()
            }
            if isHalted { found.append(look) }
        }
        // Nine times stopped, once not, and then ten times stopped.
        #expect(found.first == 19)
        #expect(found == Array(19..<22))
    }

    @Test func `looks that follow at once do not count`() {
        var watch = HaltWatch()
        let isHalted = (0..<100).contains { watch.isHalted(1, nowNs: Int64($0)) { _ in "T" } }
        #expect(!isHalted)
    }

    @Test func `the state of a process is read behind its name`() {
        #expect(HaltWatch.state(getpid()).map { "RS".contains($0) } == true)
        #expect(HaltWatch.state(-1) == nil)
    }

    @Test(arguments: [
        (elapsed: 10.0, wall: 10.0, step: nil as Double?), (10, 10.4, nil),
        (10, 3610, 3600), (10, -3590, -3600), (10_000, 10_005, nil), (10, 10.6, 0.6),
    ])
    func `a clock that was set is told from one that is slewed`(
        elapsed: Double, wall: Double, step: Double?
    ) {
        var watch = ClockWatch(wall: 1_000, monotonic: 50)
        let found = watch.step(wall: 1_000 + wall, monotonic: 50 + elapsed)
        #expect(found.map { ($0 * 10).rounded() } == step.map { ($0 * 10).rounded() })
        #expect(watch.step(wall: 1_001 + wall, monotonic: 51 + elapsed) == nil)
    }
}
