import Measure

/// Exactly the values that a figure shows, as a CSV file of its own.
struct FigureData: Sendable {
    let columns: [String]
    var rows: [[String]] = []

    var csv: [UInt8] {
        var encoder = CSVEncoder()
        for row in [columns] + rows {
            row.forEach { encoder.field($0) }
            encoder.endRow()
        }
        return encoder.bytes
    }
}

/// The figures of a plot for people who read them rather than look at it.
struct ReadableTable: Sendable {
    let caption: String
    let header: [String]
    let rows: [[String]]
}

/// A plot or several of one kind, with everything that a reader needs to use them.
struct Figure: Sendable {
    struct Panel: Sendable {
        /// A heading over this panel and those that follow with the same; empty for none.
        var group = ""
        /// Empty for a figure of one plot.
        let title: String
        let plot: Markup
    }

    struct LegendEntry: Sendable {
        enum Sample: Sendable {
            case series(SeriesStyle)
            case part(Int)
            case errors
        }

        let name: String
        let sample: Sample
    }

    /// The name of its CSV and, with the run's number, of its anchor.
    let id: String
    let title: String
    /// What is shown, how it was computed, and which rule left something out.
    let notes: [String]
    var legend: [LegendEntry] = []
    let panels: [Panel]
    /// What a reader would take from the picture, in words.
    let summary: [String]
    let tables: [ReadableTable]
    let data: FigureData
    /// Files of the results directory that the values come from.
    let sources: [String]
}

extension Figure.LegendEntry {
    static func strategies(_ strategies: [Strategy]) -> [Figure.LegendEntry] {
        Strategy.allCases.filter(strategies.contains).map {
            Figure.LegendEntry(name: $0.rawValue, sample: .series(SeriesStyle($0)))
        }
    }
}

/// How much a page shows at most, so that a large run stays a page that a phone can open. Whatever is
/// left out is said beside the figure and stands in the run's own files.
enum PageLimits {
    /// Sizes that get a plot of their own; of more, the smallest, the largest and those between in
    /// even steps.
    static let panels = 6
    /// Small plots over time: nine strategies at four sizes.
    static let timelines = 36
    /// Points of one line over time.
    static let seconds = 120
    /// Rows of a table or a forest plot.
    static let rows = 200
    static let forestRows = 40
    /// Crossovers that are named.
    static let crossovers = 12
    /// Distinct error classes that are counted apart.
    static let failureClasses = 100

    /// Evenly chosen positions out of `count`, with the first and the last.
    static func chosen(_ count: Int, atMost limit: Int) -> [Int] {
        guard count > limit else { return Array(0..<count) }
        return (0..<limit).map { $0 * (count - 1) / (limit - 1) }
    }
}

/// Names as the figures use them.
enum FigureText {
    static func size(_ bytes: Int64?) -> String { bytes.map { Readable.bytes($0) } ?? "all files" }

    /// Field of a CSV file; empty where there is none.
    static func field(_ bytes: Int64?) -> String { bytes.map(String.init) ?? "" }

    static func leftOut(_ shown: Int, of all: Int, _ things: String) -> [String] {
        shown < all
            ? ["\(shown) of \(all) \(things) are shown, evenly chosen; the run's files have all."]
            : []
    }
}
