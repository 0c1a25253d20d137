import Glibc

/// When each upload of an open model is intended to start, decided by a seed and a rate alone.
///
/// Arrival k comes when the profile's expected count reaches the k-th point of a process of rate 1:
/// k + ½ for constant spacing, a sum of k + 1 exponential gaps for a Poisson process (the time
/// change of L. Devroye, "Non-Uniform Random Variate Generation", 1986, §VI.1.3). The times are made
/// one by one as they are asked for, so that a long run takes no more memory than a short one.
package struct ArrivalSchedule: Sendable {
    package enum Spacing: String, Sendable, CaseIterable {
        /// As even as the rate allows.
        case constant
        /// Of users who know nothing of each other.
        case poisson
    }

    package let profile: RateProfile
    package let spacing: Spacing
    package let seed: UInt64

    package init(profile: RateProfile, spacing: Spacing, seed: UInt64) {
        self.profile = profile
        self.spacing = spacing
        self.seed = seed
    }

    /// The arrivals of one share, from the first.
    package func stream(_ share: ArrivalShare = .whole) -> ArrivalStream {
        ArrivalStream(self, share)
    }

    /// The number of arrivals before a time, which is the index of the first at or after it.
    package func count(beforeNs time: Int64) -> Int64 {
        guard time > 0 else { return 0 }
        var stream = stream()
        var count: Int64 = 0
        while let arrival = stream.next(), arrival.offsetNs < time { count = arrival.index + 1 }
        return count
    }
}

/// One upload of a schedule.
package struct Arrival: Sendable, Equatable {
    /// In the whole schedule, whatever share it was taken from.
    package let index: Int64
    /// Since the schedule's start.
    package let offsetNs: Int64
}

/// Every `stride`-th arrival from the `offset`-th on: all shares of a stride together are the
/// schedule, each arrival once.
package struct ArrivalShare: Sendable, Equatable {
    package let offset: Int64
    package let stride: Int64

    package static let whole = ArrivalShare(offset: 0, stride: 1)

    private init(offset: Int64, stride: Int64) {
        self.offset = offset
        self.stride = stride
    }

    /// One of `count` equal parts of this share.
    package func part(_ index: Int, of count: Int) -> ArrivalShare {
        precondition((0..<count).contains(index), "part \(index) of \(count)")
        return ArrivalShare(offset: offset + stride * Int64(index), stride: stride * Int64(count))
    }
}

/// Hands out arrivals in the order of their times; `nil` for ever after the last.
package struct ArrivalStream: Sendable, IteratorProtocol {
    private let schedule: ArrivalSchedule
    private let share: ArrivalShare
    private var random: SeededRandom
    /// The time of arrival `drawn - 1` in the process of rate 1.
    private var unitTime = 0.0
    private var piece = 0
    private var isOver = false
    /// Arrivals of the whole schedule that were passed so far.
    private var drawn: Int64 = 0

    fileprivate init(_ schedule: ArrivalSchedule, _ share: ArrivalShare) {
        self.schedule = schedule
        self.share = share
        random = SeededRandom(seed: schedule.seed)
    }

    package mutating func next() -> Arrival? {
        guard !isOver else { return nil }
        let index = drawn <= share.offset ? share.offset : drawn - 1 + share.stride
        advance(to: index)
        guard
            let seconds = schedule.profile.seconds(ofExpected: unitTime, piece: &piece),
            seconds < 9e9
        else {
            isOver = true
            return nil
        }
        return Arrival(index: index, offsetNs: Int64((seconds * 1e9).rounded()))
    }

    /// The gaps of the arrivals in between are drawn too: every share sees the same process.
    private mutating func advance(to index: Int64) {
        switch schedule.spacing {
        case .constant:
            drawn = index + 1
            unitTime = Double(index) + 0.5
        case .poisson:
            while drawn <= index {
                // 1 - u lies in (0, 1], whose logarithm is finite.
                unitTime -= log(1 - random.nextUniform())
                drawn += 1
            }
        }
    }
}
