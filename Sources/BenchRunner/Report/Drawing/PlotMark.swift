/// One value in a plot: where it stands, what it says, and the raw figures behind it.
struct PlotMark: Sendable {
    /// What a reader sees when pointing at it or tabbing to it.
    let label: String
    /// Written as `data-` attributes, so that a program can read back what was drawn.
    let data: [(name: String, value: String)]

    /// Attributes of the element that is the mark. One of a plot's marks can be reached with Tab, and
    /// from there the others with the arrow keys: hundreds of tab stops would be a trap.
    func attributes(isTabStop: Bool) -> Markup {
        let pairs = data.map { (name: "data-" + $0.name, value: $0.value) }
        return """
             tabindex="\(isTabStop ? "0" : "-1")" role="img" data-label="\(label)"\
            \(Markup.attributes(pairs))
            """
    }

    /// What a browser without scripts shows, and what a screen reader reads.
    var title: Markup { "<title>\(label)</title>" }
}

/// The outside of every plot: its size, its name, and the order in which marks are reached.
enum PlotFrame {
    /// All plots are drawn this wide and scaled to their column.
    static let width = 360.0

    static func svg(name: String, height: Double, kind: String, _ content: Markup) -> Markup {
        """
        <svg class="plot \(kind)" viewBox="0 0 \(width) \(height)" role="group" aria-label="\(name)">\
        \(content)</svg>
        """
    }
}
