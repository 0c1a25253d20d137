import Foundation

/// A figure as a part of the page.
struct FigureMarkup {
    private let figure: Figure
    private let anchor: String
    /// Heading level of the figure's title.
    private let level: Int
    /// Relative addresses of the run's files, where the page stands near them.
    private let files: [String: String]

    /// - Parameter prefix: tells apart the figures of several runs.
    init(_ figure: Figure, prefix: String, level: Int, files: [String: String]) {
        self.figure = figure
        self.level = level
        self.files = files
        anchor = prefix + figure.id
    }

    var markup: Markup {
        """
        <section class="figure" id="\(anchor)" aria-labelledby="\(anchor)-title" \
        data-figure="\(figure.id)">
        <h\(level) id="\(anchor)-title">\(figure.title)</h\(level)>
        \(notes)<div class="drawn">\(legend)
        \(picture)</div>\(tables)\(links)
        </section>

        """
    }

    private var notes: [Markup] { figure.notes.map { "<p class=\"note\">\($0)</p>\n" } }

    private var legend: Markup {
        guard !figure.legend.isEmpty else { return "" }
        let entries = figure.legend.map { entry -> Markup in
            let name: Markup = "<span>\(entry.name)</span>"
            switch entry.sample {
            case .series(let style):
                return """
                    <li data-series="\(entry.name)"><svg class="key \(style.classes)" viewBox="0 0 30 12" \
                    aria-hidden="true"><path class="line" d="M1 6H29"/>\
                    <use href="#\(Symbols.id(style.shape))" x="15" y="6"/></svg>\(name)</li>
                    """
            case .part(let color):
                return """
                    <li><svg class="key" viewBox="0 0 12 12" aria-hidden="true">\
                    <rect class="p\(color)" width="12" height="12" rx="2"/></svg>\(name)</li>
                    """
            case .errors:
                return """
                    <li><svg class="key" viewBox="0 0 12 12" aria-hidden="true">\
                    <rect class="error" x="4" width="4" height="12"/></svg>\(name)</li>
                    """
            }
        }
        return "<ul class=\"legend\">\(entries)</ul>"
    }

    /// A single plot has its summary beside it where there is room.
    private var picture: Markup {
        figure.panels.count == 1
            ? "<div class=\"beside\">\(panels)<div>\(summary)</div></div>" : "\(panels)\(summary)"
    }

    private var panels: Markup {
        var markup: Markup = ""
        var open: String?
        let isAlone = figure.panels.count == 1
        for panel in figure.panels {
            if open != panel.group {
                if open != nil { markup += "</div>\n" }
                if !panel.group.isEmpty {
                    markup += "<h\(level + 1) class=\"group\">\(panel.group)</h\(level + 1)>\n"
                }
                markup += "<div class=\"panels\(isAlone ? " alone" : "")\">\n"
                open = panel.group
            }
            let titleLevel = panel.group.isEmpty ? level + 1 : level + 2
            let title: Markup =
                panel.title.isEmpty ? "" : "<h\(titleLevel)>\(panel.title)</h\(titleLevel)>"
            markup += "<div class=\"panel\">\(title)\(panel.plot)</div>\n"
        }
        return open == nil ? markup : markup + "</div>\n"
    }

    private var summary: Markup {
        let shown = figure.summary.prefix(3 * PageLimits.crossovers)
        guard !shown.isEmpty else { return "" }
        let items = shown.map { text -> Markup in "<li>\(text)</li>" }
        return "<ul class=\"summary\">\(items)</ul>\n"
    }

    private var tables: Markup {
        let tables = figure.tables.filter { !$0.rows.isEmpty }.map(Self.table)
        guard !tables.isEmpty else { return "" }
        return """
            <details class="data"><summary>The figures as \(tables.count == 1 ? "a table" : "tables")\
            </summary>\(tables)</details>

            """
    }

    private static func table(_ table: ReadableTable) -> Markup {
        let header = table.header.map { title -> Markup in "<th scope=\"col\">\(title)</th>" }
        let shown = table.rows.prefix(PageLimits.rows)
        let rows = shown.map { row -> Markup in
            let cells = row.dropFirst().map { cell -> Markup in "<td>\(cell)</td>" }
            return "<tr><th scope=\"row\">\(row.first ?? "")</th>\(cells)</tr>\n"
        }
        let more: Markup =
            shown.count < table.rows.count
            ? "<p class=\"note\">\(table.rows.count - shown.count) more rows stand in the CSV.</p>"
            : ""
        return """
            <div class="scroll" role="region" tabindex="0" aria-label="\(table.caption)">\
            <table><caption>\(table.caption)</caption><thead><tr>\(header)</tr></thead>\
            <tbody>\(rows)</tbody></table></div>\(more)
            """
    }

    private var links: Markup {
        let name = "\(anchor).csv"
        let own: Markup = """
            <a class="csv" download="\(name)" href="\(Self.dataAddress(figure.data.csv))">CSV of what is \
            shown</a>
            """
        let sources = figure.sources.map { source -> Markup in
            guard let address = files[source] else { return ", from <code>\(source)</code>" }
            return ", from <a href=\"\(address)\">\(source)</a>"
        }
        return "<p class=\"links\">\(own)\(sources)</p>"
    }

    /// A CSV file inside the page (RFC 2397).
    static func dataAddress(_ csv: [UInt8]) -> String {
        var address = "data:text/csv;charset=utf-8,"
        address.reserveCapacity(csv.count + csv.count / 4)
        for byte in csv {
            switch byte {
            // Letters, digits and what stands for itself in a URI (RFC 3986, section 2.3), and the
            // comma, which is most of the file.
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2C, 0x2D, 0x2E, 0x5F, 0x7E:
                address.unicodeScalars.append(Unicode.Scalar(byte))
            default: address += String(format: "%%%02X", byte)
            }
        }
        return address
    }
}
