/// Which strategy to take for stated needs, and why; a pure consequence of what was measured, what is
/// documented and what things cost.
struct Recommendation {
    struct Verdict {
        let strategy: Strategy
        /// Why it does not fit; empty for one that does.
        let reasons: [Sentence]
        /// What would make it fit, for reasons that have a remedy.
        let remedies: [String]
        let invoice: Invoice
        /// At the size that strategies are compared at; nil where nothing succeeded there.
        let measured: MeasuredStrategy?

        var fits: Bool { reasons.isEmpty }
    }

    let needs: Needs
    let verdicts: [Verdict]
    /// The measured size at which strategies are compared; nil for files of many sizes.
    let comparedBytes: Int64?
    let pick: Verdict?
    let fastest: Verdict?
    let cheapest: Verdict?
    let simplest: Verdict?
    /// Why the pick, and what another one would give and cost.
    private(set) var sentences: [Sentence] = []
    /// How the pick holds each need.
    private(set) var holds: [Sentence] = []

    var ruledOut: [Verdict] { verdicts.filter { !$0.fits } }
    /// Those that were measured and fit.
    var fitting: [Verdict] { verdicts.filter { $0.fits && $0.measured != nil } }
    /// Those that nothing speaks against, but that the run did not try.
    var untried: [Verdict] { verdicts.filter { $0.fits && $0.measured == nil } }

    init(
        _ needs: Needs, _ facts: RecommendationFacts, _ invoices: [Invoice]
    ) {
        self.needs = needs
        let compared = facts.comparedBytes(needs, invoices.map(\.strategy))
        comparedBytes = compared
        let verdicts = invoices.map { invoice in
            let reasons = facts.reasons(invoice, needs)
            return Verdict(
                strategy: invoice.strategy, reasons: reasons.map(\.sentence),
                remedies: reasons.compactMap(\.remedy), invoice: invoice,
                measured: facts.measured(invoice.strategy, compared))
        }
        self.verdicts = verdicts
        let fitting = verdicts.filter { $0.fits && $0.measured != nil }
        let steps = { (verdict: Verdict) in facts.steps(verdict.strategy) }
        let total = { (verdict: Verdict) in verdict.invoice.total ?? .zero }
        // Of equals the one that comes first in the list of strategies.
        cheapest = fitting.first { one in
            fitting.allSatisfy { (total(one), steps(one)) <= (total($0), steps($0)) }
        }
        simplest = fitting.first { one in
            fitting.allSatisfy { (steps(one), total(one)) <= (steps($0), total($0)) }
        }
        fastest = fitting.min {
            ($0.measured?.medianUs ?? .infinity) < ($1.measured?.medianUs ?? .infinity)
        }
        switch needs.preference {
        case .cheapest: pick = cheapest
        case .fastest: pick = fastest
        case .simplest: pick = simplest
        }
        guard let pick else { return }
        let texts = RecommendationTexts(facts: facts, count: fitting.count, sizeBytes: compared)
        sentences = texts.why(pick, fastest, cheapest, simplest)
        holds = facts.holds(pick.strategy, needs)
    }
}

/// Services to set up, then requests of an upload: what makes a strategy simple.
struct Steps: Comparable {
    let services: Int
    let requests: Int

    static func < (a: Steps, b: Steps) -> Bool {
        (a.services, a.requests) < (b.services, b.requests)
    }
}
