import Foundation
import Testing

@testable import BenchRunner

@Suite struct RunNameTests {
    @Test func `a run's name is recognised, and nothing else is one`() {
        let name = RunName(startedAt: Date(timeIntervalSince1970: 1_775_861_298))
        #expect(name.text.hasPrefix("20260410t224818z-"))
        #expect(RunName(name.text) == name)
        for other in [
            "", "/", "..", "20260410t224818z", "20260410t224818z-", "kept", name.text + "/x",
        ] {
            #expect(RunName(other) == nil, "\(other)")
        }
    }
}

@Suite struct LoadConsentTests {
    @Test(arguments: ["localhost", "b.localhost", "127.0.0.1", "127.9.8.7", "[::1]", "LOCALHOST"])
    func `this machine needs no consent`(host: String) {
        #expect(LoadConsent.isLoopback(host))
    }

    @Test(arguments: [
        "10.0.0.1", "localhost.example", "127.0.0.1.example", "0.0.0.0", "::1", "s3.amazonaws.com",
    ])
    func `any other name does`(host: String) {
        #expect(!LoadConsent.isLoopback(host))
    }
}

@Suite struct LoadBudgetTests {
    @Test func `a budget is never exceeded, and is over once something did not fit`() {
        let budget = LoadBudget(maxBytes: 10, maxPicodollars: nil)
        #expect(budget.take(bytes: 6, picodollars: 1))
        #expect(!budget.take(bytes: 5, picodollars: 1))
        #expect(budget.reached == .bytes)
        #expect(!budget.take(bytes: 1, picodollars: 1))
        #expect(budget.bytesTaken == 6)
    }

    @Test func `costs are bounded apart from bytes`() {
        let budget = LoadBudget(maxBytes: 1000, maxPicodollars: 25)
        #expect((0..<5).filter { _ in budget.take(bytes: 1, picodollars: 10) }.count == 2)
        #expect(budget.reached == .cost)
    }
}

@Suite struct StandardRetriesTests {
    @Test
    func `delays are spread from nothing to a ceiling that doubles, and end after three attempts`()
    {
        var (first, second): ([Double], [Double]) = ([], [])
        for seed in 0..<200 {
            var retries = StandardRetries(seed: UInt64(seed))
            first.append(Double(retries.next(afterAttempt: 1, .throttled)?.delayNs ?? -1) / 1e9)
            second.append(Double(retries.next(afterAttempt: 2, .throttled)?.delayNs ?? -1) / 1e9)
            #expect(retries.next(afterAttempt: 3, .throttled) == nil)
        }
        #expect(
            first.allSatisfy { (0...1).contains($0) } && second.allSatisfy { (0...2).contains($0) })
        // The means of uniform delays; five standard errors.
        #expect(abs(first.reduce(0, +) / 200 - 0.5) < 0.11)
        #expect(abs(second.reduce(0, +) / 200 - 1) < 0.21)
    }

    @Test func `the quota of 500 pays a hundred retries, and successes pay back`() {
        var retries = StandardRetries(seed: 1)
        let paid = (0..<200).filter { _ in retries.next(afterAttempt: 1, .transient) != nil }
        #expect(paid.count == 100)
        retries.succeeded(cost: 5)
        #expect(retries.quota == 5)
        for _ in 0..<5 { retries.succeeded(cost: nil) }
        #expect(retries.next(afterAttempt: 1, .timedOut)?.cost == 10)
        #expect(retries.quota == 0)
        for _ in 0..<1000 { retries.succeeded(cost: nil) }
        #expect(retries.quota == 500)
    }

    @Test func `what would fail again is not tried again`() {
        for (status, code) in [
            (403, "AccessDenied"), (400, "EntityTooLarge"), (412, ""), (501, ""),
        ] {
            #expect(StandardRetries.Cause(status: status, errorCode: code) == nil)
        }
        for (status, code) in [
            (503, "SlowDown"), (500, "InternalError"), (429, ""), (400, "RequestTimeout"),
        ] {
            #expect(StandardRetries.Cause(status: status, errorCode: code) != nil)
        }
    }
}

@Suite struct XMLTextTests {
    @Test func `keys come out as they are`() {
        let text = "<Contents><Key>a&amp;b &lt;&#x1F600;&#233;&gt; &nbsp;</Key></Contents>"
        #expect(XMLText.text("Key", in: text) == "a&b <\u{1F600}\u{E9}> &nbsp;")
    }
}
