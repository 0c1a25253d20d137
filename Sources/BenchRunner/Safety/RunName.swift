import Foundation
import Presign

/// A run's own name. It stands in every key that the run makes, so that no two runs meet and what is
/// below it belongs to nobody else: `20260410t224818z-1f3a2b4c5d6e`.
struct RunName: Sendable, Hashable {
    let text: String

    /// Where the keys of all runs stand whose uploads are signed here.
    static let root = "users/uploadbench/"
    private static let randomBytes = 6

    init(startedAt: Date) {
        let time = SigningTime(unixSeconds: Int64(startedAt.timeIntervalSince1970))
        text = time.amzDate.lowercased() + "-" + RandomText.make(bytes: Self.randomBytes)
    }

    /// nil for anything that `init(startedAt:)` does not make: a name from an edited file must not
    /// point at somebody else's keys.
    init?(_ text: String) {
        let halves = text.split(separator: "-", omittingEmptySubsequences: false)
        guard halves.count == 2, SigningTime(amzDate: halves[0].uppercased()) != nil,
            halves[1].utf8.count == 2 * Self.randomBytes,
            halves[1].utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.text = text
    }

    /// What the keys of this run begin with.
    var keyPrefix: String { "\(Self.root)\(text)/" }
}
