import Foundation
import Presign
import Synchronization

/// Credentials for as long as a run takes: those that expire are fetched again before they do.
///
/// Whoever signs asks `renewed` between two uploads, which costs the load of a counter; an upload that
/// has begun keeps what it was signed with.
final class LiveCredentials: Sendable {
    typealias Find = @Sendable () throws(CredentialError) -> FoundCredentials?

    private struct State {
        var found: FoundCredentials
        var fetchedAt: Double
        var nextTryAt: Double
        var failure: String?
    }

    private let state: Mutex<State>
    private let generation = Atomic<Int>(0)
    /// nil for those that were given once.
    private let find: Find?

    /// botocore's advisory time: early enough for many tries before signatures fail.
    private static let leadSeconds = 900.0
    private static let pauseSeconds = 5.0

    init(_ found: FoundCredentials, now: Double = 0, find: Find? = nil) {
        self.find = find
        state = Mutex(
            State(
                found: found, fetchedAt: now,
                nextTryAt: Self.refreshTime(found, fetchedAt: now)))
    }

    var current: FoundCredentials { state.withLock { $0.found } }

    /// Why the last refresh did not succeed; nil when all is well.
    var failure: String? { state.withLock { $0.failure } }

    /// How often they were replaced.
    var renewals: Int { generation.load(ordering: .acquiring) }

    /// The credentials, if they are others than those of that generation.
    ///
    /// - Parameter seen: is set to the generation of what is returned.
    func renewed(since seen: inout Int) -> Credentials? {
        let newest = generation.load(ordering: .acquiring)
        guard newest != seen else { return nil }
        seen = newest
        return current.credentials
    }

    /// Fetches new ones when it is time. Takes as long as their source does: not for worker threads.
    func refreshIfDue(now: Double) {
        guard let find, state.withLock({ now >= $0.nextTryAt }) else { return }
        do throws(CredentialError) {
            guard let found = try find() else {
                return failed("their source has none any more", now)
            }
            state.withLock {
                let isNew = $0.found.credentials != found.credentials
                $0 = State(
                    found: found, fetchedAt: now,
                    nextTryAt: Self.refreshTime(found, fetchedAt: now))
                if isNew { generation.add(1, ordering: .releasing) }
            }
        } catch {
            failed(error.description, now)
        }
    }

    private func failed(_ reason: String, _ now: Double) {
        state.withLock {
            $0.failure = reason
            $0.nextTryAt = now + Self.pauseSeconds
        }
    }

    /// A quarter of their life before its end, at most a quarter of an hour, and not all the time.
    static func refreshTime(_ found: FoundCredentials, fetchedAt: Double) -> Double {
        guard let end = found.expiresAt else { return .infinity }
        return max(fetchedAt + 1, end - min(leadSeconds, (end - fetchedAt) / 4))
    }
}

extension LiveCredentials {
    /// Searches where AWS's tools do.
    ///
    /// - Returns: nil when no source is configured.
    /// - Throws: when one is, and gives none.
    static func find(_ environment: AWSEnvironment) throws(CredentialError) -> LiveCredentials? {
        guard let found = try CredentialChain(environment).find() else { return nil }
        return LiveCredentials(found, now: environment.now()) { () throws(CredentialError) in
            try CredentialChain(environment).find()
        }
    }
}
