import Foundation
import Presign

/// `run.json`, read back.
struct RecordedRecord {
    /// The newest schema that this version reads; later ones may mean other things.
    static let newestSchema = 1
    /// The record of thousands of merged shards is some megabytes.
    private static let limitBytes = 256 << 20

    let path: String
    /// The whole document.
    let json: JSONValue
    let tool: String
    /// `complete` or `partial`.
    let status: String
    let startedAt: String
    let endedAt: String?

    var isComplete: Bool { status == RunRecord.Status.complete.rawValue }
    /// Did the run end without writing its last cell, killed or on a full disk, or does it still go on? Its
    /// files may then end in the middle of a cell, and of a line; all others must be whole.
    var isOpenEnded: Bool {
        guard !isComplete, endedAt != nil else { return !isComplete }
        let end = json["sessions"]?.array?.last?["end"]?.string
        return end.flatMap(SessionRecord.End.init)?.leavesOpenCell ?? false
    }
    /// The plan as it was resolved; empty where the file has none.
    var plan: JSONValue { json["plan"] ?? .object([]) }
    var seed: UInt64? { json["seed"]?.number.flatMap { UInt64($0) } }
    var gitCommit: String? { json["git_commit"]?.string }
    var warnings: [String] { (json["warnings"]?.array ?? []).compactMap(\.string) }

    /// The `run --against` that it is one side of: its name, and how many looks it was planned to
    /// take at the most; nil for a run of its own.
    var interleaved: (session: String, looks: Int)? {
        guard let object = json["interleaved"], let session = object["session"]?.string else {
            return nil
        }
        return (session, object["looks"]?.array?.count ?? 1)
    }

    init(path: String) throws(RecordedError) {
        self.path = path
        let bytes: [UInt8]
        do throws(InputFile.Failure) {
            bytes = try InputFile.read(path, isRegular: true, limit: Self.limitBytes)
        } catch {
            throw error.isAbsence
                ? .absent(path, "cannot be read; is this a results directory?")
                : RecordedError(path: path, error)
        }
        do throws(JSONError) {
            json = try JSONParser.parse(bytes)
        } catch {
            throw RecordedError(
                path: path, line: Self.line(of: error.offset, in: bytes),
                reason: "is not valid JSON (\(error.reason)): truncated or edited")
        }
        guard let schema = json["schema_version"]?.integer, json.object != nil else {
            throw RecordedError(
                path: path, column: "schema_version",
                reason: "is missing: this is no file of uploadbench")
        }
        guard (1...Self.newestSchema).contains(schema) else {
            throw RecordedError(
                path: path, column: "schema_version",
                reason: "is \(schema); this version of uploadbench reads 1 to"
                    + " \(Self.newestSchema)")
        }
        tool = try Self.text("tool", json, path)
        status = try Self.text("status", json, path)
        startedAt = try Self.text("started_at", json, path)
        endedAt = json["ended_at"]?.string
    }

    private static func text(
        _ name: String, _ json: JSONValue, _ path: String
    ) throws(RecordedError) -> String {
        guard let text = json[name]?.string else {
            throw RecordedError(path: path, column: name, reason: "is missing or no text")
        }
        return text
    }

    private static func line(of offset: Int, in bytes: [UInt8]) -> Int {
        1 + bytes.prefix(offset).count { $0 == 0x0A }
    }
}
