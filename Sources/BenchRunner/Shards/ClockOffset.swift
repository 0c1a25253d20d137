import CLinux
import Foundation

/// How far a server's clock is ahead of this machine's, in seconds, between two bounds.
///
/// A `Date` field has whole seconds (RFC 9110 §5.6.7): the server read its clock at some time between
/// the request's start and the answer's end, and the clock stood somewhere in that second. Each
/// answer bounds the offset to a second and the round trip; answers from different parts of a second
/// narrow it down to about a round trip.
struct ClockOffset: Sendable, Equatable {
    private(set) var low = -Double.infinity
    private(set) var high = Double.infinity
    /// Answers that contradict the earlier ones: a clock was stepped, or the server has several.
    private(set) var contradictions = 0

    /// - Parameters:
    ///   - sent: this machine's clock before the request, in seconds of Unix time.
    ///   - received: after the answer.
    ///   - date: the answer's `Date`, in seconds of Unix time.
    mutating func add(sent: Double, received: Double, date: Double) {
        let (least, most) = (date - received, date + 1 - sent)
        guard least <= most else { return }
        guard max(low, least) <= min(high, most) else {
            contradictions += 1
            (low, high) = (least, most)
            return
        }
        (low, high) = (max(low, least), min(high, most))
    }

    var isKnown: Bool { low.isFinite && high.isFinite }
    var middle: Double { isKnown ? (low + high) / 2 : 0 }
    /// The largest error of the middle.
    var uncertainty: Double { isKnown ? (high - low) / 2 : .infinity }
}

extension ClockOffset {
    /// Seconds of Unix time of an IMF-fixdate (`Sun, 06 Nov 1994 08:49:37 GMT`); nil for anything else.
    static func seconds(ofDate text: String) -> Double? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.date(from: text)?.timeIntervalSince1970
    }
}

/// What the kernel knows of its own clock (adjtimex(2)).
struct ClockDiscipline: Sendable {
    /// Something keeps the clock in step with others.
    let isSynchronized: Bool
    /// The kernel's bound of its error, in seconds.
    let maximumErrorSeconds: Double

    /// nil where the kernel does not say.
    static func ofThisMachine() -> ClockDiscipline? {
        var (isSynchronized, error): (Int32, Int64) = (0, 0)
        guard clinux_clock_state(&isSynchronized, &error) == 0 else { return nil }
        return ClockDiscipline(
            isSynchronized: isSynchronized != 0, maximumErrorSeconds: Double(error) / 1e6)
    }
}
