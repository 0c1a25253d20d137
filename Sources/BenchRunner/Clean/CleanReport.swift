/// What a clean-up did, and what is left.
struct CleanReport {
    var deleted = 0
    /// Of a bucket that keeps them: delete markers are versions too.
    var versions = 0
    var aborted = 0
    /// Why something could not be looked at or removed, each once.
    var problems: [String] = []
    /// What is still there, as far as can be told; the first few, and how many there are.
    private(set) var left: [String] = []
    private(set) var leftCount = 0
    /// Written by the user of the API since the run began, and not in its record.
    private(set) var unlisted: [String] = []
    private(set) var unlistedCount = 0

    private static let shown = 20
    private static let problemLimit = 10

    var removed: Int { deleted + versions + aborted }

    /// `3 objects`, and what belongs to them.
    var removedObjects: String {
        Self.count(deleted, "object") + (versions > 0 ? ", " + Self.count(versions, "version") : "")
    }

    var isClean: Bool { leftCount == 0 && problems.isEmpty && unlistedCount == 0 }

    /// What is left is what the last look saw.
    mutating func beginLook() {
        (left, leftCount, unlisted, unlistedCount) = ([], 0, [], 0)
    }

    mutating func addLeft(_ name: String) {
        leftCount += 1
        if left.count < Self.shown { left.append(TerminalText.line(name)) }
    }

    mutating func addUnlisted(_ name: String) {
        unlistedCount += 1
        if unlisted.count < Self.shown { unlisted.append(TerminalText.line(name)) }
    }

    mutating func add(problem: String) {
        if problems.count < Self.problemLimit, !problems.contains(problem) {
            problems.append(problem)
        }
    }

    var object: [String: Any] {
        [
            "deleted": deleted, "aborted": aborted, "left": leftCount, "left_keys": left,
            "versions": versions, "unlisted": unlistedCount, "unlisted_keys": unlisted,
            "problems": problems,
        ]
    }

    /// - Parameters:
    ///   - place: the bucket's name, endpoint and the prefix, for what is to be typed.
    ///   - run: the results directory.
    func lines(_ place: CleanPlace, run: String) -> [String] {
        var lines = [
            "\(removedObjects) deleted, \(Self.count(aborted, "multipart upload")) aborted"
        ]
        lines += problems.map { "problem: \($0)" }
        if leftCount > 0 {
            lines.append("left: \(leftCount)")
            lines += left.map { "  \($0)" }
            if leftCount > left.count { lines.append("  …") }
        }
        if unlistedCount > 0 {
            lines.append(
                "\(Self.count(unlistedCount, "object or upload", "objects or uploads")) of the same API user,"
                    + " written since the run began and not in its record (the API had not told their keys,"
                    + " or they are somebody else's):")
            lines += unlisted.map { "  \($0)" }
            if unlistedCount > unlisted.count { lines.append("  …") }
            lines.append("if they are this run's: uploadbench clean --unlisted \(run)")
        }
        if leftCount > 0 || !problems.isEmpty { lines += place.advice(run: run) }
        if isClean { lines.append("nothing is left") }
        return lines
    }

    static func count(_ count: Int, _ one: String, _ many: String? = nil) -> String {
        "\(count) \(count == 1 ? one : many ?? one + "s")"
    }
}

/// Where a run wrote, as other tools name it.
struct CleanPlace {
    let storeURL: String
    let bucket: String
    let prefix: String?

    /// How to remove by hand what is left.
    func advice(run: String) -> [String] {
        let endpoint = "--endpoint-url \(storeURL)"
        var lines = [
            "to remove it: run 'uploadbench clean \(run)' again with the rights to list and delete"
        ]
        guard let prefix else {
            return lines + ["its keys are in \(run)/\(KeyJournal.fileName)"]
        }
        lines += [
            "(s3:ListBucket, s3:ListBucketMultipartUploads, s3:DeleteObject, s3:AbortMultipartUpload), or:",
            "  aws \(endpoint) s3 rm --recursive s3://\(bucket)/\(prefix)",
            "  aws \(endpoint) s3api list-multipart-uploads --bucket \(bucket) --prefix \(prefix)",
            "  aws \(endpoint) s3api abort-multipart-upload --bucket \(bucket) --key KEY --upload-id ID",
        ]
        return lines
    }
}
