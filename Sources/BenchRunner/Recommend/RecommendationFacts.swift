/// What speaks for and against strategies: a run's rows, the table of capabilities, and the limits in
/// force.
struct RecommendationFacts {
    let capabilities: Capabilities
    let measured: [MeasuredStrategy]
    let basis: CostBasis

    struct Reason {
        let sentence: Sentence
        var remedy: String?
    }

    func steps(_ strategy: Strategy) -> Steps {
        Steps(
            services: capabilities.services(strategy).count,
            requests: UsageFormulas(strategy, basis).requests.count)
    }

    func measured(_ strategy: Strategy, _ sizeBytes: Int64?) -> MeasuredStrategy? {
        measured.first {
            $0.strategy == strategy && $0.sizeBytes == sizeBytes && $0.medianUs != nil
        }
    }

    /// The largest measured size that the needs allow, or the smallest that there is.
    func comparedBytes(_ needs: Needs, _ strategies: [Strategy]) -> Int64? {
        let sizes = measured.filter { strategies.contains($0.strategy) && $0.medianUs != nil }
            .compactMap(\.sizeBytes).sorted()
        guard let limit = needs.maxBytes else { return sizes.last }
        return sizes.last { $0 <= limit } ?? sizes.first
    }

    // MARK: Against

    func reasons(_ invoice: Invoice, _ needs: Needs) -> [Reason] {
        let strategy = invoice.strategy
        var reasons = [tooLarge(strategy, needs)].compactMap { $0 }
        reasons += needs.required.compactMap { unmet(strategy, $0) }
        if reasons.isEmpty { reasons += failed(strategy, needs) }
        if let overBudget = overBudget(invoice, needs) { reasons.append(overBudget) }
        return reasons
    }

    /// A size that was refused in the run, or that is beyond a documented limit.
    private func tooLarge(_ strategy: Strategy, _ needs: Needs) -> Reason? {
        guard let fact = capabilities.fact(strategy, .maxSize) else { return nil }
        let largest = basis.largestBytes(strategy)
        let refused = measured.filter {
            $0.strategy == strategy && $0.uploads == 0 && $0.errors > 0
                && ($0.sizeBytes ?? 0) > largest && ($0.sizeBytes ?? 0) <= needs.maxBytes ?? .max
        }
        let isBeyond = needs.maxBytes.map { $0 > largest } ?? false
        guard isBeyond || !refused.isEmpty else { return nil }
        var words: [String] = []
        if isBeyond, let maxSize = needs.maxSize {
            words.append("carries at most \(Readable.bytes(largest)), not \(maxSize)")
        }
        if let least = refused.first, let bytes = least.sizeBytes {
            words.append("refused \(Readable.bytes(bytes)) in this run")
        }
        let evidence = refused.prefix(1).map(\.evidence) + [Evidence(fact)]
        return Reason(
            sentence: Sentence(
                "\(words.joined(separator: ", and ")): \(fact.text)", Array(evidence)),
            remedy: fact.remedy)
    }

    private func unmet(_ strategy: Strategy, _ need: Need) -> Reason? {
        if need == .mustReview || need == .mustCheckType, basis.signer == .local {
            return Reason(
                sentence: Sentence(
                    "is signed by the client here, so no API reviews what was stored",
                    [.rows(file: "run.json", lines: [])]),
                remedy: "run with --signer gateway")
        }
        guard let fact = capabilities.fact(strategy, need) else {
            return Reason(sentence: Sentence("nothing is known of its \(need.rawValue)", []))
        }
        guard !fact.meets else { return nil }
        return Reason(sentence: Sentence(fact.text, [Evidence(fact)]), remedy: fact.remedy)
    }

    /// Sizes that it should carry, of which nothing arrived in the run.
    private func failed(_ strategy: Strategy, _ needs: Needs) -> [Reason] {
        measured.filter {
            $0.strategy == strategy && $0.uploads == 0 && $0.errors > 0
                && ($0.sizeBytes ?? 0) <= needs.maxBytes ?? .max
        }.map {
            let size = $0.sizeBytes.map { " of \(Readable.bytes($0))" } ?? ""
            return Reason(
                sentence: Sentence(
                    "no upload\(size) succeeded in this run (\($0.errors) failed)", [$0.evidence]))
        }
    }

    private func overBudget(_ invoice: Invoice, _ needs: Needs) -> Reason? {
        guard let budget = needs.budget, let total = invoice.total, total > budget else {
            return nil
        }
        return Reason(
            sentence: Sentence(
                "costs \(total.readable) a month, more than \(budget.readable)",
                costEvidence(invoice)))
    }

    /// The prices that a total is made of, and the rows that the functions' time is from.
    func costEvidence(_ invoice: Invoice) -> [Evidence] {
        let ids = invoice.lines.filter { $0.amount > .zero }.map(\.entry.key.id.rawValue)
        let isTimed = basis.lambdaTimes.measured[invoice.strategy] != nil
        let lines = measured.filter { $0.strategy == invoice.strategy && $0.uploads > 0 }
            .flatMap(\.lines).sorted()
        return [.prices(ids)] + (isTimed ? [.rows(file: "summary.csv", lines: lines)] : [])
    }

    // MARK: For

    /// How a strategy that fits holds each need.
    func holds(_ strategy: Strategy, _ needs: Needs) -> [Sentence] {
        var sentences: [Sentence] = []
        if let maxSize = needs.maxSize, let fact = capabilities.fact(strategy, .maxSize) {
            sentences.append(
                Sentence(
                    "max-size: \(maxSize) is within"
                        + " \(Readable.bytes(basis.largestBytes(strategy))); \(fact.text)",
                    [Evidence(fact)]))
        }
        let asked = needs.required + (needs.isFromBrowser ? [.browser] : [])
        sentences += asked.compactMap { need in
            capabilities.fact(strategy, need).map {
                Sentence("\(need.rawValue): \($0.text)", [Evidence($0)])
            }
        }
        return sentences
    }
}
