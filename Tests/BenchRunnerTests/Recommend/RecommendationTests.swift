import Testing

@testable import BenchRunner

@Suite struct RecommendationTests {
    private static let size: Int64 = 1 << 20

    private static func row(
        _ strategy: Strategy, _ medianMs: [Double], bytes: Int64 = size, line: Int = 2
    ) -> MeasuredStrategy {
        MeasuredStrategy(
            strategy: strategy, sizeBytes: bytes, uploads: medianMs.count, errors: 0,
            medianUsByRound: Dictionary(
                uniqueKeysWithValues: medianMs.enumerated().map { ($0 + 1, $1 * 1000) }),
            lines: [line])
    }

    private static func refusal(_ strategy: Strategy, bytes: Int64, line: Int) -> MeasuredStrategy {
        MeasuredStrategy(
            strategy: strategy, sizeBytes: bytes, uploads: 0, errors: 1, medianUsByRound: [:],
            lines: [line])
    }

    /// Every strategy in three rounds; the accelerated ones take half as long.
    private static let everything = Strategy.allCases.enumerated().map { index, strategy in
        row(
            strategy, strategy.isAccelerated ? [50, 51, 49] : [100, 102, 98], line: index + 2)
    }

    private func recommend(
        _ measured: [MeasuredStrategy] = everything, basis: CostBasis = CostBasis(),
        _ change: (inout Needs) -> Void = { _ in }
    ) throws -> Recommendation {
        var needs = Needs()
        change(&needs)
        let million = [SizeClass(bytes: Self.size, uploads: Quantity(1_000_000))]
        let facts = RecommendationFacts(
            capabilities: .embedded, measured: measured, basis: basis)
        let strategies = Strategy.allCases.filter { basis.signer == .gateway || !$0.needsBackend }
        return Recommendation(
            needs, facts, try strategies.map { try Invoice.make($0, million, basis, .embedded) })
    }

    private func facts(_ recommendation: Recommendation, _ strategy: Strategy) -> [String] {
        recommendation.ruledOut.filter { $0.strategy == strategy }
            .flatMap(\.reasons).flatMap(\.evidence).map(\.reference)
    }

    @Test func `images from browsers with a size limit and a review go by presigned POST`() throws {
        let recommendation = try recommend {
            $0.maxBytes = 20_000_000
            $0.required = [.mustLimitSize, .mustReview]
            $0.isFromBrowser = true
        }
        #expect(recommendation.pick?.strategy == .presignedPost)
        #expect(recommendation.fitting.map(\.strategy) == [.presignedPost, .acceleratedPost])
        #expect(facts(recommendation, .proxyJSON) == ["fact lambda-event-limit"])
        #expect(facts(recommendation, .proxyBinary) == ["fact api-payload-limit"])
        #expect(facts(recommendation, .presignedPut) == ["fact put-size-unlimited"])
    }

    @Test func `a refusal that the run showed stands beside the documented limit`() throws {
        let refused = Self.refusal(.proxyBinary, bytes: 12 << 20, line: 40)
        let recommendation = try recommend(Self.everything + [refused]) { $0.maxBytes = 20_000_000 }
        #expect(
            facts(recommendation, .proxyBinary) == ["summary.csv:40", "fact api-payload-limit"])
        // A refusal of a size that nobody needs is none.
        let small = try recommend(Self.everything + [refused]) { $0.maxBytes = 1 << 20 }
        #expect(facts(small, .proxyBinary).isEmpty)
    }

    @Test func `what only failed in the run is not recommended`() throws {
        var rows = Self.everything.filter { $0.strategy != .presignedPost }
        rows.append(Self.refusal(.presignedPost, bytes: Self.size, line: 7))
        let recommendation = try recommend(rows)
        #expect(facts(recommendation, .presignedPost) == ["summary.csv:7"])
    }

    @Test func `each preference has its own pick, and equals go by the list`() throws {
        let picks = try Needs.Preference.allCases.map { preference in
            try recommend { $0.preference = preference }.pick?.strategy
        }
        // 8.09 for presigned PUT and POST alike; one request for proxy-json; 50 ms for three.
        #expect(picks == [.presignedPut, .acceleratedPut, .proxyJSON])
    }

    @Test func `the trade is told in numbers with the interval of the rounds`() throws {
        let recommendation = try recommend { $0.required = [.mustLimitSize] }
        // Ratios by round: 100/50, 102/51, 98/49, all 2: no spread, so the interval is 2 to 2.
        let trade = try #require(
            recommendation.sentences.first { $0.text.hasPrefix("accelerated-post is the fastest") })
        #expect(
            trade.text.contains("presigned-post takes 2.00× (95% interval 2.00 to 2.00, 3 rounds)"))
        // 1 MiB × 10⁶ = 976.5625 GB × $0.04 = 39.0625; (8.09166725 + 39.0625)/8.09166725 = 5.83.
        #expect(trade.text.contains("it costs $47.15 a month, $39.06 more (5.83×)"))
        #expect(trade.evidence.contains(.rows(file: "summary.csv", lines: [8])))
    }

    @Test func `a lead that the rounds do not show is called not clear`() throws {
        let rows = [
            Self.row(.presignedPost, [100, 120, 90]), Self.row(.acceleratedPost, [90, 125, 85]),
        ]
        let recommendation = try recommend(rows) { $0.required = [.mustLimitSize] }
        let trade = recommendation.sentences.first { $0.text.hasPrefix("accelerated-post") }
        #expect(trade?.text.contains("do not tell apart") ?? false)
        #expect(recommendation.untried.map(\.strategy) == [.proxyJSON, .proxyBinary])
    }

    @Test func `a budget rules out what costs more, with its prices`() throws {
        let recommendation = try recommend {
            $0.required = [.mustLimitSize]
            $0.budget = Money(decimal: "47.15")
        }
        // accelerated-post costs 47.15416725.
        let reason = recommendation.ruledOut.first { $0.strategy == .acceleratedPost }?.reasons.last
        #expect(reason?.text == "costs $47.15 a month, more than $47.15")
        #expect(
            reason?.evidence.first
                == .prices([
                    "api-http-call", "lambda-request", "lambda-duration", "s3-write-request",
                    "s3-read-request", "accelerated-in",
                ]))
        let poor = try recommend { $0.budget = Money(decimal: "1") }
        #expect(poor.pick == nil)
        #expect(poor.ruledOut.count == Strategy.allCases.count)
    }

    @Test func `signed by the client, nothing is reviewed`() throws {
        var basis = CostBasis()
        basis.signer = .local
        let recommendation = try recommend(basis: basis) { $0.required = [.mustReview] }
        #expect(recommendation.pick == nil)
        #expect(facts(recommendation, .presignedPost) == ["run.json"])
    }

    @Test func `every sentence names what it follows from`() throws {
        let recommendation = try recommend {
            $0.maxBytes = 20_000_000
            $0.required = [.mustLimitSize, .mustCheckType, .mustReview]
            $0.isFromBrowser = true
        }
        let sentences =
            recommendation.sentences + recommendation.holds
            + recommendation.ruledOut.flatMap(\.reasons)
        #expect(sentences.count > 10)
        for sentence in sentences { #expect(!sentence.evidence.isEmpty, "\(sentence.text)") }
    }

    @Test func `strategies are compared at the largest measured size that is allowed`() throws {
        let rows = [Int64(1 << 18), 1 << 20, 12 << 20].map {
            Self.row(.presignedPost, [100], bytes: $0)
        }
        #expect(try recommend(rows) { $0.maxBytes = 2_000_000 }.comparedBytes == 1 << 20)
        #expect(try recommend(rows) { $0.maxBytes = 1000 }.comparedBytes == 1 << 18)
        #expect(try recommend(rows).comparedBytes == 12 << 20)
    }
}

@Suite struct CapabilitiesTests {
    @Test func `every need of every strategy has exactly one fact, with its source`() {
        let capabilities = Capabilities.embedded
        for strategy in Strategy.allCases {
            #expect(!capabilities.services(strategy).isEmpty)
            for need in Need.allCases {
                let facts = capabilities.facts.filter {
                    $0.need == need && $0.scenarios.contains(strategy)
                }
                #expect(facts.count == 1, "\(strategy.rawValue) \(need.rawValue)")
                #expect(facts.first.map { !$0.source.isEmpty && $0.date.count == 10 } ?? false)
            }
        }
        let ids = capabilities.facts.map(\.id)
        #expect(Set(ids).count == ids.count)
    }

    @Test func `what is not met but could be says how`() {
        for fact in Capabilities.embedded.facts where !fact.meets && fact.need != .maxSize {
            #expect(fact.remedy != nil, "\(fact.id)")
        }
    }
}
