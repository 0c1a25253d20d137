/// Values against values: lines with marks, bands around them, and lines across the plot.
struct LinePlot: Sendable {
    struct Point: Sendable {
        let x: Double
        let y: Double
        /// A whisker from the lowest to the highest, such as the medians of the rounds.
        var spread: ClosedRange<Double>?
        /// Drawn with the series' shape; others are dots on the line.
        var isEmphasized = true
        let mark: PlotMark
    }

    struct Series: Sendable {
        let style: SeriesStyle
        /// As `data-` attributes on the group of its marks.
        let data: [(name: String, value: String)]
        /// The line is broken between these.
        let segments: [[Point]]
        var drawsLine = true
        /// A line that says less than another of the same colour, such as p99 beside p50.
        var isFaint = false
    }

    struct Band: Sendable {
        let style: SeriesStyle
        let edges: [(x: Double, low: Double, high: Double)]
    }

    /// A line across the plot: an objective, a crossover, a change of rounds.
    struct Rule: Sendable {
        enum Direction: Sendable { case atX, atY }

        let direction: Direction
        let value: Double
        let text: String
        var isQuiet = false
        /// Makes the rule a mark that can be pointed at.
        var mark: PlotMark?
    }

    /// Something counted along the x axis, such as errors: a bar at the foot of the plot.
    struct Tally: Sendable {
        let x: Double
        /// 0…1 of the strip's height.
        let share: Double
        let mark: PlotMark
    }

    let name: String
    let xAxis: Axis
    let yAxis: Axis
    let series: [Series]
    var bands: [Band] = []
    var rules: [Rule] = []
    var tallies: [Tally] = []
    var height = 236.0
    /// Small plots in rows say once, above them, what their axes are.
    var hasTitles = true
    /// Room for the y axis' labels.
    var leftMargin = 46.0

    var isEmpty: Bool { series.allSatisfy { $0.segments.allSatisfy(\.isEmpty) } && tallies.isEmpty }
}
