import Presign

/// The whole page, in one file: styles, script and figures are inside, and nothing is fetched.
struct ReportPage {
    let runs: [ReportRun]
    /// Between runs: the forest plot.
    let between: [Figure]
    let tool: String

    /// Every page begins with this, which tells a page of ours from a file that must not be replaced.
    static let opening = "<!doctype html>\n<!-- uploadbench report -->\n"

    var html: [UInt8] {
        let page: Markup = """
            \(Markup(trusted: Self.opening))<html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="\(Self.policy)">
            <meta name="generator" content="\(tool)">
            <title>\(title) – uploadbench</title>
            <link rel="icon" href="data:,">
            <style>\(Markup(trusted: Self.style))</style>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the verdict</a>
            \(Symbols.definitions)
            \(header)\(contents)
            <main id="main" tabindex="-1">
            \(main)</main>
            <footer><p>Made by \(tool). Every figure can be had as a CSV file from the link below it; values \
            show on hover, or with Tab and the arrow keys. Times are measured by the client; percentiles come \
            from merged histograms.</p></footer>
            <div id="tip" aria-hidden="true" hidden></div>
            <script>\(Markup(trusted: Self.script))</script>
            </body>
            </html>

            """
        return Array(page.text.utf8)
    }

    private var isSingle: Bool { runs.count == 1 }

    private var title: String {
        let names = runs.prefix(3).map(\.name).joined(separator: ", ")
        return runs.count > 3 ? names + " and \(runs.count - 3) more" : names
    }

    private var parts: [RunMarkup] {
        runs.enumerated().map { index, run in
            RunMarkup(run: run, prefix: "r\(index + 1)-", level: isSingle ? 2 : 3)
        }
    }

    private var header: Markup {
        let byline = isSingle ? parts[0].byline : ""
        return """
            <header><p class="kind">How should files get from clients into S3?</p>
            <h1>\(title)</h1>
            \(byline)</header>

            """
    }

    private var contents: Markup {
        let between = between.map { (anchor: "between-" + $0.id, title: $0.title) }
        let lists = parts.enumerated().map { index, part -> Markup in
            let links = part.contents.map(Self.link)
            let name: Markup = isSingle ? "" : "<strong>\(runs[index].name)</strong> "
            return "<li>\(name)<ul>\(links)</ul></li>"
        }
        let first: Markup =
            between.isEmpty
            ? "" : "<li><strong>Between the runs</strong> <ul>\(between.map(Self.link))</ul></li>"
        return "<nav aria-label=\"Contents\"><ul>\(first)\(lists)</ul></nav>\n"
    }

    private static func link(_ part: (anchor: String, title: String)) -> Markup {
        "<li><a href=\"#\(part.anchor)\">\(part.title)</a></li>"
    }

    private var main: Markup {
        guard !isSingle else { return parts[0].markup }
        let sections = zip(runs, parts).map { run, part -> Markup in
            """
            <section class="run" id="\(part.prefix)run" aria-labelledby="\(part.prefix)run-title">
            <h2 id="\(part.prefix)run-title">\(run.name)</h2>
            \(part.byline)\(part.markup)</section>

            """
        }
        guard !between.isEmpty else { return Markup.joined(sections) }
        let figures = between.map {
            FigureMarkup($0, prefix: "between-", level: 3, files: [:]).markup
        }
        return """
            <section class="run" aria-labelledby="between-title">
            <h2 id="between-title">Between the runs</h2>
            \(figures)</section>
            \(sections)
            """
    }

    // MARK: what stands inside the page

    private static let style =
        ":root{\(Palette.variables(Palette.light))}\n"
        + "@media screen and (prefers-color-scheme:dark){:root{\(Palette.variables(Palette.dark))}}\n"
        + String(decoding: PackageResources.report_css, as: UTF8.self)

    private static let script = String(decoding: PackageResources.report_js, as: UTF8.self)

    /// Nothing but this style and this script may run, even if markup were to slip in; nothing is
    /// fetched (Content Security Policy Level 3).
    private static let policy =
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src"
        + " 'sha256-\(hash(style))'; script-src 'sha256-\(hash(script))'"

    private static func hash(_ text: String) -> String {
        Base64.encode(SHA256.digest(Array(text.utf8)).bytes)
    }
}
