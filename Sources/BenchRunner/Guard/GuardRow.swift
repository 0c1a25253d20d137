import Measure
import Scenarios

/// One cell: a strategy and what it should refuse.
struct GuardRow {
    let scenario: Strategy
    let guardCase: GuardCase
    var outcome: GuardOutcome
    /// api, edge, s3 or browser; empty when nobody refused.
    var refusedBy = ""
    var httpStatus: Int?
    var errorCode = ""
    /// Of the attempt's own requests, from its first to the answer that decided.
    var bytesSent: Int64?
    /// Where the attempted object was found, whoever refused it.
    var storedKey = ""
    var fileBytes: Int64?
    /// Multipart uploads that were under way afterwards; nil where none can be.
    var uploadsLeft: Int?
    var note = ""

    init(_ scenario: Strategy, _ guardCase: GuardCase, _ outcome: GuardOutcome) {
        self.scenario = scenario
        self.guardCase = guardCase
        self.outcome = outcome
    }

    /// An upload that should have been refused did its harm.
    var isHole: Bool { guardCase.shouldBeRefused && [.stored, .removed].contains(outcome) }

    /// An upload that nothing is wrong with was refused.
    var isRefusedWrongly: Bool { !guardCase.shouldBeRefused && outcome == .refused }

    var leavesParts: Bool { (uploadsLeft ?? 0) > 0 }

    var mitigation: GuardMitigation? {
        if isHole { return GuardMitigation.closing(guardCase, scenario) }
        return leavesParts ? .abortIncompleteUploads : nil
    }

    /// What of the file had gone out when the answer decided.
    var sentShare: String {
        guard let bytesSent, let fileBytes, fileBytes > 0 else { return "" }
        // The head may go out with the file's first bytes: nearly all of it counts as all.
        if bytesSent * 10 >= fileBytes * 9 { return "whole file" }
        return bytesSent < 16_384 ? "head only" : "part of the file"
    }

    static let leftUpload = "multipart upload"

    /// What was in the bucket before it was cleared up.
    var left: String {
        guard outcome != .notApplicable, outcome != .notSupported else { return "" }
        let object = storedKey.isEmpty ? [] : ["object"]
        let uploads = leavesParts ? [Self.leftUpload] : []
        let all = object + uploads
        return all.isEmpty ? "nothing" : all.joined(separator: " and ")
    }
}

extension Columns {
    static let guardRails = [
        "scenario", "case", "outcome", "refused_by", "http_status", "error_code", "bytes_sent",
        "stored_key", "mitigation", "file_bytes", "left", "note",
    ]
}

extension GuardRow {
    static var header: [UInt8] {
        var row = CSVEncoder()
        Columns.guardRails.forEach { row.field($0) }
        row.endRow()
        return row.bytes
    }

    var csv: [UInt8] {
        var row = CSVEncoder()
        row.field(scenario.rawValue)
        row.field(guardCase.rawValue)
        row.field(outcome.rawValue)
        row.field(refusedBy)
        row.field(httpStatus)
        row.field(errorCode)
        row.field(bytesSent)
        row.field(storedKey)
        row.field(mitigation?.text ?? "")
        row.field(fileBytes)
        row.field(left)
        row.field(note)
        row.endRow()
        return row.bytes
    }

    var object: [String: Any] {
        var object: [String: Any] = [
            "scenario": scenario.rawValue, "case": guardCase.rawValue, "outcome": outcome.rawValue,
            "refused_by": refusedBy, "error_code": errorCode, "stored_key": storedKey,
            "mitigation": mitigation?.text ?? "", "left": left, "note": note, "hole": isHole,
        ]
        object["http_status"] = httpStatus
        object["bytes_sent"] = bytesSent
        object["file_bytes"] = fileBytes
        return object
    }
}

/// All cells, and what could not be cleared away.
struct GuardReport {
    var rows: [GuardRow]
    var leftBehind: [String] = []
    var isComplete = true
    let strategies: [Strategy]
    let cases: [GuardCase]
    /// What was aimed at, without secrets.
    let target: String
}
