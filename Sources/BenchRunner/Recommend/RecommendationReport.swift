/// A recommendation for people and for programs.
struct RecommendationReport {
    let recommendation: Recommendation
    let plan: CostPlan
    let run: RecordedRun

    /// - Parameter isMarkdown: headings and marks; otherwise the same words without them.
    func text(isMarkdown: Bool) -> String {
        let heading = { (text: String) in isMarkdown ? "## \(text)" : text }
        let item = { (text: String) in isMarkdown ? "- \(text)" : "  \(text)" }
        let name = { (strategy: Strategy) in
            isMarkdown ? "**\(strategy.rawValue)**" : strategy.rawValue
        }
        var blocks = [[heading(title)] + (isMarkdown ? [""] : []) + basis.map(item)]
        if let pick = recommendation.pick {
            blocks.append(
                [heading("Why \(pick.strategy.rawValue)")]
                    + recommendation.sentences.map { item(line($0)) })
            if !recommendation.holds.isEmpty {
                blocks.append(
                    [heading("How it holds the needs")]
                        + recommendation.holds.map { item(line($0)) })
            }
        }
        if !recommendation.ruledOut.isEmpty {
            blocks.append(
                [heading("Ruled out")]
                    + recommendation.ruledOut.map { verdict in
                        let reasons = verdict.reasons.map(line).joined(separator: "; ")
                        let remedies =
                            verdict.remedies.isEmpty
                            ? "" : " Would help: \(verdict.remedies.joined(separator: "; "))."
                        return item("\(name(verdict.strategy)): \(reasons).\(remedies)")
                    })
        }
        if !recommendation.untried.isEmpty {
            let names = recommendation.untried.map(\.strategy.rawValue).joined(separator: ", ")
            blocks.append([heading("Not in this run"), item("\(names): nothing speaks against it")])
        }
        blocks.append([heading("Sources")] + sources.map(item))
        return blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var title: String {
        recommendation.pick.map { "Take \($0.strategy.rawValue)" } ?? "Nothing fits these needs"
    }

    private var basis: [String] {
        let status = run.record.isComplete ? "" : ", a partial run"
        let links = Set(run.cells.map(\.key.link)).filter { !$0.isEmpty }.sorted()
        let link = links.isEmpty ? "" : ", emulated network \(links.joined(separator: ", "))"
        return [
            "needs: \(recommendation.needs.text)",
            "run: \(run.path)\(status)\(link)",
            "volume: \(grouped(String(plan.uploads))) uploads a month of \(plan.shares.text),"
                + " \(plan.basis.region), \(plan.basis.api.rawValue.uppercased()) API",
        ]
    }

    private func line(_ sentence: Sentence) -> String {
        let references = sentence.evidence.map(\.reference).joined(separator: "; ")
        return references.isEmpty ? sentence.text : "\(sentence.text) [\(references)]"
    }

    private var evidence: [Evidence] {
        (recommendation.sentences + recommendation.holds
            + recommendation.ruledOut.flatMap(\.reasons)).flatMap(\.evidence)
    }

    /// Each fact and price that a sentence names, once.
    private var sources: [String] {
        var seen: Set<String> = []
        let facts = evidence.compactMap { evidence -> String? in
            guard case .fact(let id, let source, let date) = evidence, seen.insert(id).inserted
            else { return nil }
            return "fact \(id): \(source) (\(date))"
        }
        let ids = Set(
            evidence.flatMap { evidence -> [String] in
                guard case .prices(let ids) = evidence else { return [] }
                return ids
            })
        let lines = recommendation.verdicts.flatMap(\.invoice.lines).filter {
            ids.contains($0.entry.key.id.rawValue) && seen.insert($0.entry.name).inserted
        }
        let prices = lines.map { line in
            "price \(line.entry.name): \(line.entry.readablePrice), \(line.entry.source)"
                + " (\(line.entry.date))"
        }
        return ["rows: lines of \(run.path)/summary.csv, its header is line 1"] + facts + prices
    }

    // MARK: JSON

    var json: String {
        var object: [String: Any] = [
            "schema_version": 1,
            "run": run.path,
            "needs": needs,
            "uploads": plan.uploads,
            "size_distribution": plan.shares.text,
            "sentences": recommendation.sentences.map(\.object),
            "holds": recommendation.holds.map(\.object),
            "ruled_out": recommendation.ruledOut.map { verdict in
                [
                    "scenario": verdict.strategy.rawValue,
                    "reasons": verdict.reasons.map(\.object),
                    "remedies": verdict.remedies,
                ] as [String: Any]
            },
            "fits": recommendation.fitting.map(fit),
            "not_in_run": recommendation.untried.map(\.strategy.rawValue),
        ]
        object["compared_size_bytes"] = recommendation.comparedBytes
        object["pick"] = recommendation.pick?.strategy.rawValue
        object["fastest"] = recommendation.fastest?.strategy.rawValue
        object["cheapest"] = recommendation.cheapest?.strategy.rawValue
        object["simplest"] = recommendation.simplest?.strategy.rawValue
        return JSONText.render(object)
    }

    private var needs: [String: Any] {
        let needs = recommendation.needs
        var object: [String: Any] = [
            "required": needs.required.map(\.rawValue), "browser": needs.isFromBrowser,
            "prefer": needs.preference.rawValue,
        ]
        object["max_size_bytes"] = needs.maxBytes
        object["budget_usd"] = needs.budget?.dollars
        return object
    }

    private func fit(_ verdict: Recommendation.Verdict) -> [String: Any] {
        var object: [String: Any] = ["scenario": verdict.strategy.rawValue]
        object["response_p50_us"] = verdict.measured?.medianUs
        object["usd_per_month"] = verdict.invoice.total?.dollars
        object["usd_per_million"] = verdict.invoice.perMillion?.dollars
        object["lines"] = verdict.measured?.lines
        return object
    }
}
