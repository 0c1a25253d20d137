import Foundation

/// Files beside the results, in formats of others.
enum OutputFile {
    private static let flags = ["junit", "markdown"] + ExportFormat.allCases.map(\.rawValue)
    private static let resultNames: Set<String> = [
        "run.json", "summary.csv", "samples.csv", "timeline.csv", "histograms.csv", "signing.csv",
        "capacity.csv", "capacity.json", "guard.csv", KeyJournal.fileName, RunLock.fileName,
    ]

    /// Looks at the names before anything is measured.
    ///
    /// - Throws: for two outputs in one file, and for one that would take the place of a results file.
    static func check(_ settings: Settings) throws(CommandError) {
        var seen: [String: String] = [:]
        for flag in flags {
            guard let path = try settings.path(flag), let (_, source) = settings.value(flag)
            else { continue }
            let place = Self.place(path)
            if let other = seen.updateValue(source, forKey: place.path) {
                throw .usage("\(other) and \(source) name the same file, '\(path)'")
            }
            let folder = place.deletingLastPathComponent().path
            let own = settings.text("out").map {
                URL(fileURLWithPath: $0).resolvingSymlinksInPath().path
            }
            if resultNames.contains(place.lastPathComponent), folder == own || isResults(folder) {
                throw .usage(
                    "\(source): '\(path)' is a file of the results; choose another name")
            }
        }
    }

    /// Is it one of the files of a results directory?
    static func isOfResults(_ path: String) -> Bool {
        let place = Self.place(path)
        return resultNames.contains(place.lastPathComponent)
            && isResults(place.deletingLastPathComponent().path)
    }

    /// As it is without links; the file itself may not be there yet.
    private static func place(_ path: String) -> URL {
        let url = URL(fileURLWithPath: path).standardizedFileURL
        return url.deletingLastPathComponent().resolvingSymlinksInPath()
            .appendingPathComponent(url.lastPathComponent)
    }

    private static func isResults(_ folder: String) -> Bool {
        FileManager.default.fileExists(atPath: folder + "/run.json")
    }

    /// - Throws: for a name that has become one of a results file.
    static func open(_ path: String) throws(ResultsError) -> ResultFile {
        var facts = stat()
        // By another name it may be a results file all the same.
        let isLinked = lstat(path, &facts) == 0 && facts.st_nlink > 1
        if isLinked, facts.st_mode & S_IFMT == S_IFREG {
            throw ResultsError(
                path: path, operation: "write over a file of several names", code: EMLINK)
        }
        if isOfResults(path) {
            throw ResultsError(path: path, operation: "write over results in", code: EEXIST)
        }
        return try ResultFile(path: path)
    }

    static func write(_ text: String, to path: String) throws(CommandError) {
        do throws(ResultsError) {
            let file = try open(path)
            try file.append(Array(text.utf8))
            try file.close()
        } catch {
            throw error.commandError
        }
    }

    /// GitHub names the file in the environment and shows what is added to it.
    static func addToStepSummary(
        _ markdown: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CommandError) {
        guard let path = environment["GITHUB_STEP_SUMMARY"], !path.isEmpty else { return }
        guard let file = fopen(path, "a") else {
            throw ResultsError(path: path, operation: "add to", code: errno).commandError
        }
        let written = fputs(markdown + "\n", file)
        guard fclose(file) == 0, written >= 0 else {
            throw ResultsError(path: path, operation: "add to", code: errno).commandError
        }
    }
}
