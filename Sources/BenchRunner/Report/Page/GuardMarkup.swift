import Scenarios

/// What was enforced: strategies × cases, and the holes with what closes them.
struct GuardMarkup {
    let report: GuardReport

    var markup: Markup {
        """
        <p class="lede">\(lede)</p>
        \(matrix)<p class="note">\(GuardSymbol.legend)</p>
        \(holes)\(wronglyRefused)<p class="note">\(GuardCleanUp.sentence(report))</p>

        """
    }

    private var lede: Markup {
        let tried = report.rows.filter {
            $0.guardCase.shouldBeRefused && ![.notApplicable, .notSupported].contains($0.outcome)
        }
        let holes = report.rows.count(where: \.isHole)
        return "\(tried.count) uploads that should be refused were sent: \(holes) were stored."
    }

    private var matrix: Markup {
        let header = report.strategies.map { strategy -> Markup in
            "<th scope=\"col\">\(strategy.rawValue)</th>"
        }
        let rows = report.cases.map { guardCase -> Markup in
            let cells = report.strategies.map { strategy -> Markup in
                let row = report.rows.first {
                    $0.scenario == strategy && $0.guardCase == guardCase
                }
                return row.map(cell) ?? "<td></td>"
            }
            return "<tr><th scope=\"row\">\(guardCase.title)</th>\(cells)</tr>\n"
        }
        return """
            <div class="scroll" role="region" tabindex="0" aria-label="What was enforced">
            <table class="comparison"><caption>Who refused it; hover for status, code and bytes.</caption>
            <thead><tr><th scope="col">case</th>\(header)</tr></thead>
            <tbody>\(rows)</tbody></table></div>

            """
    }

    private func cell(_ row: GuardRow) -> Markup {
        let symbol = GuardSymbol(row).text
        let parts = [
            row.outcome.rawValue, row.refusedBy.isEmpty ? "" : "by \(row.refusedBy)",
            row.httpStatus.map(String.init) ?? "", row.errorCode,
            row.bytesSent.map { Readable.bytes($0) + " sent" } ?? "",
            row.left.isEmpty ? "" : "in the bucket: \(row.left)", row.note,
        ]
        let title = parts.filter { !$0.isEmpty }.joined(separator: ", ")
        if row.isHole || row.isRefusedWrongly {
            return "<td class=\"bad\" title=\"\(title)\"><strong>\(symbol)</strong></td>"
        }
        return row.outcome == .refused
            ? "<td title=\"\(title)\"><b>\(symbol)</b></td>"
            : "<td title=\"\(title)\">\(symbol)</td>"
    }

    private var holes: Markup {
        let groups = GuardHoles(report.rows).groups
        guard !groups.isEmpty else { return "" }
        let items = groups.map { group -> Markup in
            let names = group.strategies.map(\.rawValue).joined(separator: ", ")
            return "<li><strong>\(group.title)</strong> (\(names)): \(group.mitigation)</li>\n"
        }
        return """
            <p>Holes, and what closes them (list prices of us-east-1, 2024):</p>
            <ul class="findings">\(items)</ul>

            """
    }

    private var wronglyRefused: Markup {
        let wrong = report.rows.filter(\.isRefusedWrongly).map {
            "\($0.guardCase.title) (\($0.scenario.rawValue))"
        }
        guard !wrong.isEmpty else { return "" }
        return
            "<p class=\"warning\">Refused for no good reason: \(wrong.joined(separator: ", ")).</p>\n"
    }
}
