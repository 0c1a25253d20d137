/// The sentences for a pick, each from its numbers.
struct RecommendationTexts {
    let facts: RecommendationFacts
    /// Of those that fit.
    let count: Int
    let sizeBytes: Int64?

    typealias Verdict = Recommendation.Verdict

    func why(
        _ pick: Verdict, _ fastest: Verdict?, _ cheapest: Verdict?, _ simplest: Verdict?
    ) -> [Sentence] {
        var sentences = [price(pick, isCheapest: pick.strategy == cheapest?.strategy)]
        sentences.append(shape(pick, isSimplest: pick.strategy == simplest?.strategy))
        sentences.append(speed(pick, isFastest: pick.strategy == fastest?.strategy))
        let others = [fastest, cheapest, simplest].compactMap { $0 }
            .filter { $0.strategy != pick.strategy }
        var named: Set<Strategy> = []
        for other in others where named.insert(other.strategy).inserted {
            let titles = [
                other.strategy == fastest?.strategy ? "fastest" : nil,
                other.strategy == cheapest?.strategy ? "cheapest" : nil,
                other.strategy == simplest?.strategy ? "simplest" : nil,
            ].compactMap { $0 }
            sentences.append(trade(pick, other, titles))
        }
        return sentences
    }

    private var ofHowMany: String { count == 1 ? "the only one that fits" : "of \(count) that fit" }

    private func price(_ pick: Verdict, isCheapest: Bool) -> Sentence {
        let total = pick.invoice.total?.readable ?? ""
        let rank = count == 1 ? "" : isCheapest ? ", the cheapest \(ofHowMany)" : ""
        return Sentence(
            "It costs \(total) a month (\(pick.invoice.perMillion?.readable ?? "") per million"
                + " uploads)\(rank).", facts.costEvidence(pick.invoice))
    }

    private func shape(_ pick: Verdict, isSimplest: Bool) -> Sentence {
        let services = facts.capabilities.services(pick.strategy).joined(separator: ", ")
        let requests = facts.steps(pick.strategy).requests
        let rank = count == 1 ? "" : isSimplest ? ", the simplest \(ofHowMany)" : ""
        return Sentence(
            "It needs \(services) and \(requests) \(requests == 1 ? "request" : "requests") an"
                + " upload\(rank).",
            [.fact(id: "services", source: "capabilities of this program", date: "2026-11-25")])
    }

    private func speed(_ pick: Verdict, isFastest: Bool) -> Sentence {
        let rank = count == 1 ? "" : isFastest ? ", the fastest \(ofHowMany)" : ""
        return Sentence(
            "It took \(median(pick)) at the median for \(size)\(rank).",
            [pick.measured?.evidence].compactMap { $0 })
    }

    /// What another one would give, and for how much.
    private func trade(_ pick: Verdict, _ other: Verdict, _ titles: [String]) -> Sentence {
        let title = titles.joined(separator: " and ")
        let evidence =
            [pick.measured?.evidence, other.measured?.evidence].compactMap { $0 }
            + facts.costEvidence(other.invoice)
        return Sentence(
            "\(other.strategy.rawValue) is the \(title): \(times(pick, other)); \(dearer(pick, other)).",
            evidence.reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
    }

    private func times(_ pick: Verdict, _ other: Verdict) -> String {
        guard let own = pick.measured, let theirs = other.measured,
            let ratio = PairedRatio(own.medianUsByRound, to: theirs.medianUsByRound)
        else { return "no common round tells them apart" }
        let text = "\(PairedRatio.number(ratio.ratio))×"
        guard ratio.isClear else {
            return
                "\(size) in \(median(other)), which these rounds do not tell apart from"
                + " \(pick.strategy.rawValue) (\(text) as long, \(ratio.text))"
        }
        return "\(size) in \(median(other)), of which \(pick.strategy.rawValue) takes \(text)"
            + " (\(ratio.text))"
    }

    private func dearer(_ pick: Verdict, _ other: Verdict) -> String {
        guard let own = pick.invoice.total, let theirs = other.invoice.total, own != theirs else {
            return "it costs the same"
        }
        let isMore = theirs > own
        let difference = isMore ? theirs - own : own - theirs
        let factor = PairedRatio.number(theirs.dollars / max(own.dollars, .leastNonzeroMagnitude))
        return "it costs \(theirs.readable) a month, \(difference.readable)"
            + " \(isMore ? "more" : "less") (\(factor)×)"
    }

    private func median(_ verdict: Verdict) -> String {
        verdict.measured?.medianUs.map { Readable.microseconds($0) } ?? ""
    }

    private var size: String { sizeBytes.map { Readable.bytes($0) } ?? "the run's files" }
}
