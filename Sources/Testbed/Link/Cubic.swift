import Foundation

/// CUBIC's growth after slow start (RFC 9438), with Linux's constants.
struct CubicState {
    private var most = 0.0
    private var epoch: Double?
    private var duration = 0.0
    private var origin = 0.0
    private var startWindow = 0.0
    private var acknowledged = 0.0

    /// A pause of the program's is not time in which the window would have grown.
    mutating func noteStart(_ time: Double, silence: Double) {
        if let begun = epoch, silence > 0 { epoch = min(time, begun + silence) }
    }

    mutating func noteLoss(_ window: Double) {
        most = window * (window < most ? 0.85 : 1)
        epoch = nil
    }

    /// By how many bytes the window grows for `count` acknowledged ones.
    mutating func growth(
        _ time: Double, acknowledged count: Double, window: Double, leastTrip: Double
    ) -> Double {
        // Slow start ended without a loss: about 5% a round.
        guard most > 0 else { return count / 20 }
        let segment = Double(Segment.bytes)
        let segments = window / segment
        if epoch == nil { begin(time, window) }
        acknowledged += count / segment
        let elapsed = time + leastTrip - (epoch ?? time) - duration
        let friendly = startWindow + acknowledged / (segments * 15 / 8)
        let target = max(origin + 0.4 * elapsed * elapsed * elapsed, friendly)
        let step = max(target - segments, segments / (100 * segments)) / segments
        return min(count / 2, count / segment * step * segment)
    }

    private mutating func begin(_ time: Double, _ window: Double) {
        let segment = Double(Segment.bytes)
        epoch = time
        duration = cbrt(max(most - window, 0) / segment / 0.4)
        origin = max(most, window) / segment
        startWindow = window / segment
        acknowledged = 0
    }
}

/// CUBIC's way out of slow start (HyStart): a train of acknowledgements longer than half the round
/// trip, or a round trip that grows.
struct HyStart {
    private var roundEnd = -1
    private var roundStart = 0.0
    private var lastTrain = 0.0
    private var least = 1e9
    private var current = 1e9
    private var samples = 0

    /// The first acknowledgement of what was sent after the last round began starts the next.
    mutating func begin(_ burst: Burst, nextNumber: Int, _ time: Double) {
        guard burst.number > roundEnd else { return }
        roundEnd = nextNumber - 1
        roundStart = time
        lastTrain = time
        current = 1e9
        samples = 0
    }

    /// - Parameter window: in segments.
    mutating func endsSlowStart(_ time: Double, trip: Double, window: Double) -> Bool {
        least = min(least, trip)
        guard window >= 16 else { return false }
        var ends = false
        if time - lastTrain <= 0.002 {
            lastTrain = time
            ends = time - roundStart > (least + 0.001) / 2
        }
        current = min(current, trip)
        if samples < 8 {
            samples += 1
        } else if current > least + min(max(least / 8, 0.004), 0.016) {
            ends = true
        }
        return ends
    }
}
