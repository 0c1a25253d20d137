import Foundation

/// The answers as they are printed.
struct CapacityTable {
    let answers: [CapacityAnswer]
    let objectives: [String]
    /// Of the contract's object, which later versions only add to.
    var extra: [String: Any] = [:]

    func text(_ format: TableFormat) -> String {
        switch format {
        case .table: plain
        case .markdown: markdown
        case .json: JSONText.render(object)
        }
    }

    var object: [String: Any] {
        var object = extra
        object["objectives"] = objectives
        object["strategies"] = answers.map(Self.object)
        return object
    }

    private static func object(_ answer: CapacityAnswer) -> [String: Any] {
        [
            "scenario": answer.scenario.rawValue,
            "size_bytes": answer.sizeBytes ?? NSNull(),
            "rate_per_s": rounded(answer.perSecond),
            "low_per_s": rounded(answer.lowPerSecond),
            "high_per_s": rounded(answer.highPerSecond),
            "verdict": answer.verdict.rawValue,
            "reason": answer.reason,
        ]
    }

    /// More digits than the measurement has would only pretend.
    private static func rounded(_ value: Double?) -> Any {
        guard let value else { return NSNull() }
        return (value * 1000).rounded() / 1000
    }

    private static let head = ["strategy", "size", "rate", "95% interval", "verdict", ""]

    private var rows: [[String]] {
        answers.map { answer in
            [
                answer.scenario.rawValue,
                answer.sizeBytes.map { Readable.bytes($0) } ?? "files",
                answer.perSecond.map { Readable.number($0) + "/s" } ?? "–",
                Self.interval(answer), answer.verdict.rawValue, answer.reason,
            ]
        }
    }

    private static func interval(_ answer: CapacityAnswer) -> String {
        switch (answer.lowPerSecond, answer.highPerSecond) {
        case (let low?, let high?): "\(Readable.number(low)) – \(Readable.number(high))/s"
        case (let low?, nil): "at least \(Readable.number(low))/s"
        case (nil, let high?): "below \(Readable.number(high))/s"
        case (nil, nil): ""
        }
    }

    private var plain: String {
        let all = [Self.head] + rows
        let widths = Self.head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = row.enumerated().map { padded($1, to: widths[$0]) }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    private var markdown: String {
        let line = { (cells: [String]) in "| " + cells.joined(separator: " | ") + " |" }
        return ([line(Self.head), line(Self.head.map { _ in "---" })] + rows.map(line))
            .joined(separator: "\n")
    }
}
