/// How an attempt ended, for the `outcome` column.
package enum GuardOutcome: String, Sendable, CaseIterable {
    /// Somebody said no.
    case refused
    /// The upload was taken, and did what it should not have done where the case is about that.
    case stored
    /// The upload was taken, but its flaw had no effect: the key, type or header was ignored.
    case confined
    /// What was there before is gone.
    case removed
    case notApplicable = "not-applicable"
    /// The other side does not know what the case needs, or does not take an honest upload either.
    case notSupported = "not-supported"
    /// No answer, or a failure of the other side (5xx).
    case failed
}

/// An object as the bucket's owner sees it.
package struct FoundObject: Sendable, Equatable {
    package let key: String
    package let sizeBytes: Int64
    package let contentType: String
    /// Of the metadata that the case is about; nil without it.
    package let metadata: String?

    package init(key: String, sizeBytes: Int64, contentType: String, metadata: String?) {
        self.key = key
        self.sizeBytes = sizeBytes
        self.contentType = contentType
        self.metadata = metadata
    }
}

extension GuardRequests {
    /// The attempted object, as opposed to what prepared the scene.
    package func attempted(_ state: GuardState, among found: [FoundObject]) -> FoundObject? {
        let places = [state.wantedKey ?? state.key, state.key]
        let ordered =
            places.compactMap { place in found.first { $0.key == place } }
            + found.filter { !places.contains($0.key) }
        return ordered.first { objectBytes == nil || $0.sizeBytes == objectBytes }
    }

    /// What became of an upload that nobody refused.
    package func judge(_ state: GuardState, among found: [FoundObject]) -> GuardOutcome {
        if effect == .removed {
            return found.contains { $0.key == state.key } ? .confined : .removed
        }
        guard let object = attempted(state, among: found) else { return .confined }
        switch effect {
        case .stored, .removed: return .stored
        case .atKey(let key): return object.key == key ? .stored : .confined
        case .keyHolding(let text): return object.key.contains(text) ? .stored : .confined
        case .overwritten:
            // With a new key for each upload the earlier object stands beside it.
            let isBeside = !state.earlierKeys.isEmpty && !state.earlierKeys.contains(object.key)
            return isBeside ? .confined : .stored
        case .metadata(_, let value): return object.metadata == value ? .stored : .confined
        case .contentType(let type): return object.contentType == type ? .stored : .confined
        }
    }
}
