/// An upload that a strategy should refuse, or one that shows where its tolerance ends. The raw value
/// is the name in flags and results.
package enum GuardCase: String, CaseIterable, Sendable {
    /// Nothing is wrong with it: a strategy that does not take it refuses for no good reason.
    case honest = "honest-upload"
    case oneByteTooLarge = "too-large-by-one"
    case hundredTimesTooLarge = "too-large-100x"
    case tooSmall = "too-small"
    case wrongType = "wrong-type"
    case lyingType = "lying-type"
    case outsidePrefix = "key-outside-prefix"
    case dotDot = "key-dot-dot"
    case otherUser = "other-users-key"
    case overwrite = "overwrite"
    case replayAfterExpiry = "replay-after-expiry"
    case replayBeforeExpiry = "replay-before-expiry"
    case changedMethod = "changed-method"
    case changedHeader = "changed-header"
    case addedHeader = "added-header"
    case extraField = "extra-field"
    case fileNotLast = "file-not-last"
    case expiredToken = "expired-token"
    case clockAheadBy60s = "clock-60s-ahead"
    case clockBehindBy60s = "clock-60s-behind"
    case clockAheadBy20min = "clock-20min-ahead"
    case clockBehindBy20min = "clock-20min-behind"
    case shortExpires = "short-expires"
    case signedLength = "signed-length"
    case ifNoneMatch = "if-none-match"
    case checksumMismatch = "checksum-mismatch"
    case foreignOrigin = "foreign-origin"

    package static let names = allCases.map(\.rawValue)

    /// At most 23 characters, for a table's first column.
    package var title: String {
        switch self {
        case .honest: "honest upload"
        case .oneByteTooLarge: "too large by 1 byte"
        case .hundredTimesTooLarge: "too large 100 times"
        case .tooSmall: "too small"
        case .wrongType: "wrong declared type"
        case .lyingType: "type that lies"
        case .outsidePrefix: "key outside the prefix"
        case .dotDot: "../ in the key"
        case .otherUser: "another user's key"
        case .overwrite: "overwrites an object"
        case .replayAfterExpiry: "replay after expiry"
        case .replayBeforeExpiry: "replay before expiry"
        case .changedMethod: "changed method"
        case .changedHeader: "changed signed header"
        case .addedHeader: "added x-amz- header"
        case .extraField: "extra form field"
        case .fileNotLast: "file is not last"
        case .expiredToken: "expired token"
        case .clockAheadBy60s: "clock 60 s ahead"
        case .clockBehindBy60s: "clock 60 s behind"
        case .clockAheadBy20min: "clock 20 min ahead"
        case .clockBehindBy20min: "clock 20 min behind"
        case .shortExpires: "30 s, clock 60 s behind"
        case .signedLength: "signed Content-Length"
        case .ifNoneMatch: "If-None-Match: *"
        case .checksumMismatch: "checksum mismatch"
        case .foreignOrigin: "foreign origin (CORS)"
        }
    }

    /// Should the upload be refused? A clock that is a minute off is every user's: it should not be.
    package var shouldBeRefused: Bool {
        ![.honest, .clockAheadBy60s, .clockBehindBy60s].contains(self)
    }

    /// How far the signer's clock is from the store's; nil where the case is about something else.
    var signerClockSeconds: Int64? {
        switch self {
        case .clockAheadBy60s: 60
        case .clockBehindBy60s, .shortExpires: -60
        case .clockAheadBy20min: 1200
        case .clockBehindBy20min: -1200
        default: nil
        }
    }

    /// Refused without its flaw too, it says nothing of the flaw: the same upload is then sent without
    /// it first. Of the others the honest upload says so.
    package var needsControl: Bool {
        [.changedHeader, .signedLength, .ifNoneMatch, .checksumMismatch].contains(self)
    }
}

/// How a strategy moves its bytes, which decides what can be tried at all.
package enum GuardFamily: Sendable {
    case proxyJSON, proxyBinary, put, form, parts
}
