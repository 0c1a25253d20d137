import Foundation
import Measure

/// Why a results directory cannot be read: the file, and the place in it.
struct RecordedError: Error, Equatable, CustomStringConvertible {
    let path: String
    /// Line of the file, from 1.
    var line: Int?
    var column: String?
    let reason: String
    /// Something else could not be written while reading.
    var exitCode = ExitCode.failure
    /// There is nothing of the kind, as opposed to something that is damaged.
    var isAbsence = false

    init(path: String, line: Int? = nil, column: String? = nil, reason: String) {
        self.path = path
        self.line = line
        self.column = column
        self.reason = reason
    }

    init(path: String, _ error: CSVError) {
        self.init(
            path: path, line: error.line > 0 ? error.line : nil, column: error.column,
            reason: error.reason)
    }

    /// What was read could not be written elsewhere.
    init(_ error: ResultsError) {
        self.init(
            path: error.path,
            reason: "cannot \(error.operation): \(error.reason)")
        exitCode = .resultsNotWritten
    }

    static func absent(_ path: String, _ reason: String) -> RecordedError {
        var error = RecordedError(path: path, reason: reason)
        error.isAbsence = true
        return error
    }

    var description: String {
        let places = [line.map { "line \($0)" }, column.map { "column \($0)" }]
        return ([path] + places.compactMap { $0 }).joined(separator: ", ") + ": " + reason
    }

    /// A damaged file is a failure; an absent one leaves nothing to compare with.
    var commandError: CommandError {
        CommandError(exitCode: isAbsence ? .nothingToCompare : exitCode, message: description)
    }
}
