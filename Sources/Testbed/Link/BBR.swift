/// BBR version 1 as Linux has it: a model of the path's rate instead of a reaction to losses.
struct BBRState {
    var delivered = 0
    var pacedUntil = 0.0
    var isWaking = false
    private(set) var rate: Double
    private var bandwidth = 0.0
    private var samples: [(round: Int, rate: Double)] = []
    private var round = 0
    private var roundEnd = 0
    private var fullRate = 0.0
    private var fullCount = 0
    private var isFull = false
    private var isDraining = false
    private var cycleStart = 0.0
    private var appLimited = 0
    private var deliveredAt = 0.0
    private var firstSentAt = 0.0
    private var windowBefore = 0.0
    private var recoveryRound = 0

    private static let startGain = 2.885
    private static let cycle = [1.25, 0.75, 1, 1, 1, 1, 1, 1]

    init(roundTrip: Double) {
        let window = Double(Segment.initialWindow * Segment.bytes)
        rate = Self.startGain * 0.99 * window / roundTrip
    }

    /// Segments of one burst at the present rate.
    var quantum: Int { max(2, Int(rate / 1024 / Double(Segment.bytes))) }

    /// A connection that was busy before has found its path's rate.
    mutating func open(bytesPerSecond: Double) {
        bandwidth = bytesPerSecond
        samples = [(0, bytesPerSecond)]
        fullRate = bytesPerSecond
        isFull = true
        rate = 0.99 * bytesPerSecond
    }

    /// The program had nothing to send.
    mutating func noteIdle(_ inFlight: Int) { appLimited = max(delivered + inFlight, 1) }

    mutating func restart(_ time: Double) {
        firstSentAt = time
        deliveredAt = time
    }

    func stamp(_ burst: Burst) {
        burst.deliveredBefore = delivered
        burst.deliveredAt = deliveredAt
        burst.firstSentAt = firstSentAt
        burst.appLimited = appLimited
    }

    mutating func beginRecovery(_ window: Double) {
        windowBefore = window
        recoveryRound = round
    }

    /// The window after an acknowledgement. `delivered` already counts it.
    mutating func acknowledged(
        _ time: Double, _ burst: Burst, count: Double, window: Double, inFlight: Int,
        leastTrip: Double, isRecovering: Bool, hasRecovered: Bool
    ) -> Double {
        let interval = max(burst.sentAt - burst.firstSentAt, time - burst.deliveredAt)
        firstSentAt = burst.sentAt
        deliveredAt = time
        if appLimited > 0, delivered > appLimited { appLimited = 0 }
        let isNewRound = burst.deliveredBefore >= roundEnd
        if isNewRound {
            roundEnd = delivered
            round += 1
        }
        if interval > 0.99 * leastTrip { sample(burst, interval) }
        if isNewRound, !isFull, burst.appLimited == 0 { lookForFullPipe() }
        let segment = Double(Segment.bytes)
        let product = bandwidth * leastTrip
        var window = hasRecovered ? max(window, windowBefore) : window
        if isDraining, Double(inFlight) <= product + 3 * segment {
            isDraining = false
            cycleStart = time
        }
        setRate(time, leastTrip)
        let gain = !isFull || isDraining ? Self.startGain : 2
        let slack = 3 * segment * Double(min(43, quantum))
        let target = gain * product + slack
        let least = 4 * segment
        if isRecovering, !hasRecovered {
            window = round == recoveryRound ? Double(inFlight) + count : window + count
            return max(window, least)
        }
        if isFull { return max(least, min(window + count, target)) }
        let isSmall = delivered < Segment.initialWindow * Segment.bytes
        return window < target || isSmall ? window + count : window
    }

    private mutating func sample(_ burst: Burst, _ interval: Double) {
        let rate = Double(delivered - burst.deliveredBefore) / interval
        guard burst.appLimited == 0 || rate > bandwidth else { return }
        samples = samples.filter { $0.round > round - 10 && $0.rate > rate } + [(round, rate)]
        bandwidth = samples[0].rate
    }

    /// The pipe is full when three rounds have not made the rate a quarter higher.
    private mutating func lookForFullPipe() {
        if bandwidth > 1.25 * fullRate {
            fullRate = bandwidth
            fullCount = 0
            return
        }
        fullCount += 1
        isFull = fullCount >= 3
        isDraining = isFull
    }

    private mutating func setRate(_ time: Double, _ leastTrip: Double) {
        var gain = Self.startGain
        if isFull {
            let phase = Int((time - cycleStart) / leastTrip + 2) % Self.cycle.count
            gain = isDraining ? 1 / Self.startGain : Self.cycle[phase]
        }
        let wanted = bandwidth * gain * 0.99
        if isFull || wanted > rate { rate = wanted }
    }
}
