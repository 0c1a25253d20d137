package import Presign

extension GuardContext {
    /// What a case makes of a strategy of this family.
    ///
    /// - Parameter isControl: the same without its flaw, to see that the flaw is what is refused.
    /// - Throws: where something cannot be signed.
    package func attempt(
        _ guardCase: GuardCase, on family: GuardFamily, isControl: Bool = false
    ) throws(SigningError) -> GuardAttempt {
        let attempt: GuardAttempt
        switch family {
        case .proxyJSON: attempt = ProxyJSONAttempts(context: self).attempt(guardCase)
        case .proxyBinary: attempt = ProxyBinaryAttempts(context: self).attempt(guardCase)
        case .put:
            attempt = try PutAttempts(context: self).attempt(guardCase, isControl: isControl)
        case .form:
            attempt = try FormAttempts(context: self).attempt(guardCase, isControl: isControl)
        case .parts:
            attempt = try PartAttempts(context: self).attempt(guardCase, isControl: isControl)
        }
        guard guardCase == .foreignOrigin, case .requests(let requests) = attempt else {
            return attempt
        }
        return .requests(requests.fromPage(of: Self.foreignOrigin))
    }

    /// Of a page that nobody has let in; the name is reserved (RFC 2606 §2).
    package static let foreignOrigin = "https://foreign.example"

    // MARK: Sizes

    /// Of the file that an attempt sends, where the strategy itself has no limit or the limit is the
    /// application's.
    func fileBytes(_ guardCase: GuardCase) -> Int64 {
        switch guardCase {
        case .oneByteTooLarge, .signedLength: limits.largestBytes + 1
        case .hundredTimesTooLarge: min(limits.largestBytes * 100, limits.capBytes)
        case .tooSmall: max(0, limits.smallestBytes - 1)
        default: min(max(limits.smallestBytes, 4096), limits.largestBytes)
        }
    }

    /// Says so where the cap has cut what 100 times would be.
    func note(_ guardCase: GuardCase, limitBytes: Int64) -> String {
        guard guardCase == .hundredTimesTooLarge, limitBytes * 100 > limits.capBytes else {
            return ""
        }
        let times = Double(limits.capBytes) / Double(limitBytes)
        return
            "\((times * 10).rounded() / 10) times the limit of \(limitBytes) bytes: --largest-file caps it"
    }
}

extension GuardCase {
    /// Why nothing can be tried where nothing is signed for the client.
    var reasonWithoutPermission: String? {
        switch self {
        case .replayAfterExpiry, .replayBeforeExpiry:
            "there is no permission to use twice: each upload carries the token"
        case .clockAheadBy60s, .clockBehindBy60s, .clockAheadBy20min, .clockBehindBy20min,
            .shortExpires:
            "the client gets nothing that is signed at a time"
        case .changedHeader: "no header of the client is signed"
        case .signedLength: "the API sees the length itself"
        case .extraField, .fileNotLast: "there is no form"
        default: nil
        }
    }
}
