import Foundation

/// Reads a results directory into what the page shows.
struct ReportReader {
    /// The folder that the page will stand in; nil where it goes to standard output.
    let pageFolder: String?

    func read(_ path: String) throws(RecordedError) -> ReportRun {
        guard !RecordedGuard.isThere(path) else { return try readGuard(path) }
        let run = try RecordedRun(path)
        try run.checkStrategies()
        let detail = try RecordedDetail(run)
        let comparison = run.comparison(detail)
        // Without samples.csv there is nothing to price the answers by.
        let isPriced = run.has("samples.csv") && !run.cells.isEmpty
        let costs = isPriced ? RunCosts(try CostEvidence(run)) : nil
        let capacity = try run.capacityFigures()
        return ReportRun(
            name: Self.name(path), record: run.record.json, isPartial: !run.record.isComplete,
            comparison: comparison, tracks: tracks(detail, comparison),
            timeSpent: Array(detail.timeSpent.values),
            furtherFigures: [costs.flatMap { CostFigure.make($0) }].compactMap { $0 } + capacity,
            warnings: try warnings(run, detail, comparison),
            answers: run.cells.isEmpty ? capacity.flatMap(\.summary) : [], recorded: run,
            files: addresses(run))
    }

    private func readGuard(_ path: String) throws(RecordedError) -> ReportRun {
        let record = try RecordedRecord(path: path + "/run.json")
        let warning =
            "This run was cut off: cells that were still to come are missing."
        return ReportRun(
            name: Self.name(path), record: record.json, isPartial: !record.isComplete,
            comparison: Comparison(rows: []), tracks: [], timeSpent: [],
            guardReport: try RecordedGuard.report(path, record),
            warnings: record.isComplete ? [] : [warning],
            files: addresses(of: path, ["run.json", RecordedGuard.fileName]))
    }

    /// The folder's own name, also of `.` and `results/`.
    private static func name(_ path: String) -> String {
        let name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
        return name.isEmpty || name == "/" ? path : name
    }

    private func tracks(
        _ detail: RecordedDetail, _ comparison: Comparison
    ) -> [TimelineFigure.Track] {
        comparison.rows.filter { !$0.isRefused }.compactMap { row in
            let group = RecordedDetail.Group(
                scenario: row.scenario.rawValue, sizeBytes: row.sizeBytes)
            return detail.seconds[group].map {
                TimelineFigure.Track(
                    strategy: row.scenario, sizeBytes: row.sizeBytes, seconds: $0)
            }
        }
    }

    private func warnings(
        _ run: RecordedRun, _ detail: RecordedDetail, _ comparison: Comparison
    ) throws(RecordedError) -> [String] {
        var warnings: [String] = []
        if !run.record.isComplete {
            warnings.append(
                "This run was cut off. What is shown was measured; cells and rounds that were still to"
                    + " come are missing, so that strategies may differ in how often they had a turn."
            )
            warnings += try run.cutOffCells().map { $0 + "." }
        }
        warnings += run.record.warnings + detail.warnings + LoadFindings.lines(comparison)
        return Array(warnings.prefix(PageLimits.forestRows))
    }

    /// Links work where the page stands in the run's folder, above it or beside it.
    private func addresses(_ run: RecordedRun) -> [String: String] {
        let names = [
            "run.json", "summary.csv", "samples.csv", "timeline.csv", "histograms.csv",
            "capacity.csv",
        ]
        return addresses(of: run.path, names.filter(run.has))
    }

    private func addresses(of path: String, _ names: [String]) -> [String: String] {
        guard let pageFolder, let folder = Self.relative(path, to: pageFolder) else { return [:] }
        return names.reduce(into: [:]) { addresses, name in addresses[name] = folder + name }
    }

    /// The address of a folder as seen from another, with a slash at its end; nil where it is more
    /// than one step up from there.
    static func relative(_ path: String, to folder: String) -> String? {
        let parts = { (path: String) in
            URL(fileURLWithPath: path).resolvingSymlinksInPath().pathComponents
        }
        let (target, start) = (parts(path), parts(folder))
        let shared = zip(target, start).prefix { $0 == $1 }.count
        let up = start.count - shared
        guard up <= 1 else { return nil }
        let down = target.dropFirst(shared).map { part in
            part.addingPercentEncoding(
                withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-._~")))
                ?? part
        }
        // `./` keeps a first part with a colon from being read as a scheme (RFC 3986, section 4.2).
        return "./" + (Array(repeating: "..", count: up) + down).map { $0 + "/" }.joined()
    }
}
