/// A burst of segments on its way.
final class Burst {
    let sequence: Int
    let bytes: Int
    let segments: Int
    let sentAt: Double
    let number: Int
    let isAgain: Bool
    var lost: [Int] = []
    /// Segments that arrive of all sent up to this burst.
    var arrivingBefore = 0
    // What the receiver says of it: all up to here has come, and bytes up to there may.
    var acknowledges = 0
    var permits = 0
    // For BBR's rate samples.
    var deliveredBefore = 0
    var deliveredAt = 0.0
    var firstSentAt = 0.0
    var appLimited = 0

    init(sequence: Int, bytes: Int, sentAt: Double, number: Int, isAgain: Bool) {
        self.sequence = sequence
        self.bytes = bytes
        segments = (bytes + Segment.bytes - 1) / Segment.bytes
        self.sentAt = sentAt
        self.number = number
        self.isAgain = isAgain
    }

    func lostBytes() -> Int {
        lost.reduce(0) { $0 + min(Segment.bytes, bytes - $1 * Segment.bytes) }
    }

    /// Delivered segments behind the last lost one.
    var deliveredBehindLoss: Int { segments - 1 - (lost.last ?? 0) }
}
