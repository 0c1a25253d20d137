/// The answer, before anything else: which strategy for which size, and how sure that is.
struct VerdictMarkup {
    let comparison: Comparison

    var markup: Markup {
        let findings = Findings(comparison)
        let notes = findings.notes.map { note -> Markup in "<li>\(note)</li>" }
        let list: Markup = notes.isEmpty ? "" : "<ul class=\"findings\">\(notes)</ul>"
        guard !findings.leaders.isEmpty else {
            return "<p class=\"lede\">\(Self.nothing(comparison))</p>\(list)"
        }
        let chosen = PageLimits.chosen(findings.leaders.count, atMost: 4 * PageLimits.panels)
        let leaders = chosen.map { Self.leader(findings.leaders[$0]) }
        let left = FigureText.leftOut(chosen.count, of: findings.leaders.count, "sizes")
            .map { text -> Markup in "<p class=\"note\">\(text)</p>" }
        return "<ol class=\"leaders\">\(leaders)</ol>\(left)\(list)"
    }

    private static func nothing(_ comparison: Comparison) -> String {
        let timed = comparison.rows.filter { $0.uploads > 0 }
        if comparison.rows.isEmpty { return "No cell was finished: there is nothing to conclude." }
        guard let only = timed.first else { return "No upload succeeded." }
        guard timed.count == 1, let median = only.responseUs(50) else {
            return "No size was uploaded by two strategies: nothing to compare."
        }
        return "\(only.scenario.rawValue) alone was measured: "
            + "\(FigureText.size(only.sizeBytes)) in \(Readable.microseconds(median)) at the median."
    }

    private static func leader(_ leader: Findings.Leader) -> Markup {
        let style = SeriesStyle(leader.scenario)
        let next = leader.next
        let lead: Markup =
            next.ratio.isClear
            ? """
            <strong>\(PairedRatio.number(next.ratio.ratio))×</strong> ahead of \
            \(next.scenario.rawValue)
            """
            : """
            <strong>not clearly ahead</strong> of \(next.scenario.rawValue) \
            (\(PairedRatio.number(next.ratio.ratio))×)
            """
        let slowest: Markup =
            leader.slowest.map { slowest -> Markup in
                """
                <p class="rest">\(slowest.scenario.rawValue) takes \
                \(PairedRatio.number(slowest.ratio.ratio))× as long (\(slowest.ratio.text))</p>
                """
            } ?? ""
        let failures = leader.failures.map { text -> Markup in "<p class=\"bad\">But \(text)</p>" }
        return """
            <li class="leader\(next.ratio.isClear ? "" : " tie")"><p class="size">\
            \(FigureText.size(leader.sizeBytes))</p><p class="winner"><svg class="key \(style.classes)" \
            viewBox="0 0 12 12" aria-hidden="true"><use href="#\(Symbols.id(style.shape))" x="6" y="6"/>\
            </svg>\(leader.scenario.rawValue)</p><p class="median">\
            \(Readable.microseconds(leader.medianUs)) at the median</p><p class="lead">\(lead)<span>\
            \(next.ratio.text)</span></p>\(failures ?? "")\(slowest)</li>

            """
    }
}
