extension PostPolicy {
    /// Fields that need no condition (S3 API Reference, "Creating a POST Policy").
    private static let uncoveredFields: Set<String> = [
        "x-amz-signature", "awsaccesskeyid", "signature", "file", "policy",
    ]

    /// Does the policy allow the form? The size is checked apart, once it is known.
    ///
    /// - Parameters:
    ///   - fields: all that precede the file, `${filename}` replaced.
    ///   - bucket: the one the request goes to.
    package func check(
        fields: [NameValue], bucket: String, now: SigningTime
    ) throws(SignatureFailure) {
        guard now < expiration else {
            throw .accessDenied("Invalid according to Policy: Policy expired.")
        }
        let values = Self.joined(fields, bucket: bucket)
        for condition in conditions where !condition.holds(for: values) {
            throw .accessDenied(
                "Invalid according to Policy: Policy Condition failed: \(condition.failureText)")
        }
        let covered = Set(conditions.compactMap(\.fieldName))
        // The bucket counts as a field although the URL names it (seen on S3).
        let extra = (fields.map(\.name.asciiLowercased) + ["bucket"]).filter {
            !covered.contains($0) && !Self.uncoveredFields.contains($0)
                && !$0.hasPrefix("x-ignore-")
        }
        guard extra.isEmpty else {
            let names = Set(extra).sorted().joined(separator: ", ")
            throw .accessDenied("Invalid according to Policy: Extra input fields: \(names)")
        }
    }

    /// Both bounds are inclusive, and every range holds.
    package func check(sizeBytes: Int64) throws(SignatureFailure) {
        for range in sizeRanges {
            if sizeBytes > range.upperBound {
                throw .entityTooLarge(sizeBytes, limitBytes: range.upperBound)
            }
            if sizeBytes < range.lowerBound {
                throw .entityTooSmall(sizeBytes, limitBytes: range.lowerBound)
            }
        }
    }

    /// Names in lower case; a repeated field's values count as one, joined by commas.
    private static func joined(_ fields: [NameValue], bucket: String) -> [String: String] {
        var values: [String: String] = [:]
        for (name, value) in fields {
            let name = name.asciiLowercased
            values[name] = values[name].map { "\($0),\(value)" } ?? value
        }
        values["bucket"] = bucket
        return values
    }
}

extension PolicyCondition {
    func holds(for values: [String: String]) -> Bool {
        switch self {
        case .contentLengthRange(_, _, let bounds):
            return bounds != nil
        case .exact(_, let wanted), .equals(_, let wanted):
            guard let name = fieldName, let value = values[name] else { return false }
            return sameBytes(value, wanted)
        case .startsWith(_, let prefix):
            guard let name = fieldName, let value = values[name] else { return false }
            // Several types in one Content-Type must all match ("Creating a POST Policy").
            // As bytes: a comma with a combining mark behind it is another Character.
            guard name == "content-type" else { return value.utf8.starts(with: prefix.utf8) }
            let comma = UInt8(ascii: ",")
            return value.utf8.split(separator: comma, omittingEmptySubsequences: false)
                .enumerated().allSatisfy { index, type in
                    let trimmed = index == 0 ? type : type.drop { $0 == 0x20 }
                    return trimmed.starts(with: prefix.utf8)
                }
        }
    }
}

/// `${filename}` in a form's fields stands for the name of the uploaded file.
package enum FilenameVariable {
    static let text = "${filename}"

    /// Replaces it in every field by what follows the last `/` or `\` of the file's name. Without
    /// a name S3 keeps the variable as it is.
    package static func replaced(in fields: [NameValue], by fileName: String?) -> [NameValue] {
        guard let fileName else { return fields }
        let start = fileName.utf8.lastIndex { $0 == 0x2F || $0 == 0x5C }
        let name = start.map { String(fileName[fileName.utf8.index(after: $0)...]) } ?? fileName
        return fields.map { ($0.name, replaced(in: $0.value, by: name)) }
    }

    private static func replaced(in value: String, by name: String) -> String {
        var result = ""
        var rest = value[...]
        while let range = rest.firstRange(of: text) {
            result += rest[..<range.lowerBound] + name
            rest = rest[range.upperBound...]
        }
        return result + rest
    }
}
