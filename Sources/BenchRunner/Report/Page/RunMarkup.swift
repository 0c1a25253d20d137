import Presign

/// One run: its verdict, its table, its figures, its record.
struct RunMarkup {
    let run: ReportRun
    /// Before every anchor, so that runs on one page do not share any.
    let prefix: String
    /// Heading level of the parts; the run's own title is one above.
    let level: Int

    var markup: Markup {
        guard let guardReport = run.guardReport else {
            return "\(verdict)\(table)\(figures)\(record)"
        }
        return """
            <section id="\(prefix)guard" aria-labelledby="\(prefix)guard-title">
            <h\(level) id="\(prefix)guard-title">What is enforced</h\(level)>
            \(warnings)\(GuardMarkup(report: guardReport).markup)\(source(RecordedGuard.fileName))
            </section>
            \(record)
            """
    }

    /// The parts that the page's list of contents names.
    var contents: [(anchor: String, title: String)] {
        guard run.guardReport == nil else {
            return [
                (prefix + "guard", "What is enforced"), (prefix + "record", "Machine and plan"),
            ]
        }
        return [(prefix + "verdict", "Verdict")]
            + (run.comparison.rows.isEmpty ? [] : [(prefix + "table", "Strategies by size")])
            + run.figures.map { (prefix + $0.id, $0.title) }
            + [(prefix + "record", "Machine and plan")]
    }

    /// When, where and how, in one line.
    var byline: Markup {
        let record = run.record
        var parts: [Markup] = []
        if run.isPartial {
            parts.append("<span class=\"badge bad\">partial: the run was cut off</span>")
        }
        if run.isEmulated {
            parts.append("<span class=\"badge\">emulated network and services</span>")
        }
        if let started = record["started_at"]?.string {
            parts.append("<time datetime=\"\(started)\">\(Self.minute(started))</time>")
        }
        let plan = run.plan
        let target = record["target"]?["kind"]?.string.map { "target \($0)" }
        let link = plan["link"]?.string.map { "network \($0)" }
        let clients = plan["concurrency"]?.number.map { "\($0) clients" }
        let model = plan["model"]?.string.map { "\($0) model" }
        let rounds = plan["rounds"]?.number.map { $0 == "1" ? "1 round" : "\($0) rounds" }
        // A search or a sweep has its own clients and rounds.
        let load = run.answers.isEmpty ? [clients, model, rounds] : []
        parts += ([target, link] + load).compactMap { $0 }
            .map { text -> Markup in "<span>\(text)</span>" }
        return "<p class=\"byline\">\(parts)</p>\n"
    }

    /// `2026-04-10 22:48 UTC`, or the text as it is.
    private static func minute(_ time: String) -> String {
        guard time.count >= 20, time.hasSuffix("Z") else { return time }
        return time.prefix(16).replacing("T", with: " ") + " UTC"
    }

    private var warnings: [Markup] {
        run.warnings.map { text -> Markup in "<p class=\"warning\">\(text)</p>\n" }
    }

    private var verdict: Markup {
        """
        <section id="\(prefix)verdict" aria-labelledby="\(prefix)verdict-title">
        <h\(level) id="\(prefix)verdict-title">Verdict</h\(level)>
        \(warnings)\(conclusion)
        </section>

        """
    }

    private var conclusion: Markup {
        guard !run.answers.isEmpty else { return VerdictMarkup(comparison: run.comparison).markup }
        let answers = run.answers.map { text -> Markup in "<li>\(text)</li>" }
        return "<ul class=\"findings\">\(answers)</ul>"
    }

    private var table: Markup {
        guard !run.comparison.rows.isEmpty else { return "" }
        let caption: Markup = """
            Times run from the start of an upload to its last answer. <b>Bold</b> is the best of its block; \
            a percentile is left out where too few uploads were measured.
            """
        return """
            <section id="\(prefix)table" aria-labelledby="\(prefix)table-title">
            <h\(level) id="\(prefix)table-title">Strategies by size</h\(level)>
            \(ComparisonMarkup(run.comparison, title: caption).markup)\
            \(FailureMarkup.markup(run.comparison))\(source("summary.csv"))
            </section>

            """
    }

    private func source(_ name: String) -> Markup {
        guard let address = run.files[name] else { return "" }
        return "<p class=\"links\"><a href=\"\(address)\">\(name)</a></p>"
    }

    private var figures: Markup {
        Markup.joined(
            run.figures.map {
                FigureMarkup($0, prefix: prefix, level: level, files: run.files).markup
            })
    }

    private var record: Markup {
        """
        <section id="\(prefix)record" aria-labelledby="\(prefix)record-title">
        <h\(level) id="\(prefix)record-title">Machine and plan</h\(level)>
        <div class="record">\(RecordMarkup(record: run.record, level: level + 1).markup)</div>\
        \(source("run.json"))
        </section>

        """
    }
}
