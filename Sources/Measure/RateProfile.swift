/// An arrival rate over time: a constant, or linear pieces between points.
///
/// Two points of the same time are a jump. Times are seconds since the schedule's start.
package struct RateProfile: Sendable, Equatable {
    package struct Point: Sendable, Equatable {
        package let seconds: Double
        package let perSecond: Double

        package init(seconds: Double, perSecond: Double) {
            self.seconds = seconds
            self.perSecond = perSecond
        }
    }

    package let points: [Point]
    /// nil where the last point's rate goes on for ever.
    package let endSeconds: Double?
    /// The integral of the rate from 0 to each point: the arrivals that are expected by then.
    private let expectedAtPoints: [Double]

    /// - Parameter perSecond: more than 0.
    package init(constant perSecond: Double) {
        precondition(perSecond > 0 && perSecond.isFinite, "a rate is a number above 0")
        points = [Point(seconds: 0, perSecond: perSecond)]
        endSeconds = nil
        expectedAtPoints = [0]
    }

    /// - Throws: what is wrong with the points, and which one it is.
    package init(stages points: [Point]) throws(RateProfileError) {
        try Self.check(points)
        self.points = points
        endSeconds = points.last?.seconds
        var expected = [0.0]
        for (from, to) in zip(points, points.dropFirst()) {
            let area = (to.seconds - from.seconds) * (from.perSecond + to.perSecond) / 2
            expected.append((expected.last ?? 0) + area)
        }
        guard let total = expected.last, total > 0 else { throw .nothingArrives }
        expectedAtPoints = expected
    }

    private static func check(_ points: [Point]) throws(RateProfileError) {
        guard points.count > 1 else { throw .tooFewPoints }
        for (index, point) in points.enumerated() {
            guard point.seconds.isFinite, point.perSecond.isFinite, point.perSecond >= 0 else {
                throw .notANumber(point: index)
            }
            guard index > 0 else {
                guard point.seconds == 0 else { throw .lateBeginning }
                continue
            }
            guard point.seconds >= points[index - 1].seconds else { throw .backwards(point: index) }
        }
    }

    /// The largest rate at any time.
    package var peakPerSecond: Double { points.map(\.perSecond).max() ?? 0 }

    /// How many arrivals are expected from 0 to a time.
    package func expectedArrivals(untilSeconds seconds: Double) -> Double {
        let time = max(0, min(seconds, endSeconds ?? .infinity))
        let index = points.lastIndex { $0.seconds <= time } ?? 0
        let from = points[index]
        let elapsed = time - from.seconds
        return expectedAtPoints[index] + elapsed * (from.perSecond + slope(index) * elapsed / 2)
    }

    /// The mean rate between two times; nil where they are none apart.
    package func meanPerSecond(fromSeconds from: Double, untilSeconds until: Double) -> Double? {
        let end = min(until, endSeconds ?? .infinity)
        guard end > from else { return nil }
        let arrivals =
            expectedArrivals(untilSeconds: end) - expectedArrivals(untilSeconds: from)
        return arrivals / (end - from)
    }

    /// The inverse of `expectedArrivals`: when so many have arrived; nil if they never do.
    ///
    /// - Parameter piece: where to look first, for a caller whose questions rise; it is moved on.
    package func seconds(ofExpected arrivals: Double, piece: inout Int) -> Double? {
        while piece + 1 < points.count, expectedAtPoints[piece + 1] <= arrivals { piece += 1 }
        let from = points[piece]
        let area = arrivals - expectedAtPoints[piece]
        guard piece + 1 < points.count else {
            return endSeconds == nil ? from.seconds + area / from.perSecond : nil
        }
        guard area > 0 else { return from.seconds }
        // The root of slope/2·t² + rate·t = area in the form that no cancellation spoils.
        let rate = from.perSecond
        let discriminant = max(0, rate * rate + 2 * slope(piece) * area)
        return from.seconds + 2 * area / (rate + discriminant.squareRoot())
    }

    private func slope(_ index: Int) -> Double {
        guard index + 1 < points.count else { return 0 }
        let (from, to) = (points[index], points[index + 1])
        let length = to.seconds - from.seconds
        return length > 0 ? (to.perSecond - from.perSecond) / length : 0
    }
}

package enum RateProfileError: Error, Equatable {
    case tooFewPoints
    case lateBeginning
    case backwards(point: Int)
    case notANumber(point: Int)
    case nothingArrives
}
