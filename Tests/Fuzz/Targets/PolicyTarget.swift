@testable import Presign

/// A POST policy and, behind a NUL byte, the fields of a form (`name=value`, one a line). What is
/// read is written and read again alike, and a form is allowed only if every condition, judged anew
/// and more simply here, holds for it.
enum PolicyTarget {
    private static let bucket = "uploads"
    static let now = SigningTime(unixSeconds: 1_775_861_298)

    static func run(_ input: [UInt8]) throws {
        let halves = input.parts(at: 0, limit: 2)
        let policy: PostPolicy
        do throws(PolicyDocumentError) {
            policy = try PostPolicy(json: Array(halves[0]))
        } catch {
            return try expect(!error.message.isEmpty, "an error without a message")
        }
        let again = try PostPolicy(json: policy.json)
        try expect(again == policy, "\(policy) is read again as \(again)")
        let fields = fields(halves.count > 1 ? halves[1] : [])
        let isAllowed = allows(policy, fields)
        try expect(
            isAllowed == isAllowedSimply(policy, fields),
            "allowed: \(isAllowed), \(policy) \(fields)")
        if isAllowed { try checkExtraField(policy, fields) }
        try checkSizes(policy)
    }

    private static func fields(_ text: ArraySlice<UInt8>) -> [NameValue] {
        Array(text).parts(at: 10).filter { !$0.isEmpty }.map { line in
            let halves = Array(line).parts(at: UInt8(ascii: "="), limit: 2)
                .map { String(decoding: $0, as: UTF8.self) }
            return (halves[0], halves.count > 1 ? halves[1] : "")
        }
    }

    private static func allows(_ policy: PostPolicy, _ fields: [NameValue]) -> Bool {
        do throws(SignatureFailure) {
            try policy.check(fields: fields, bucket: bucket, now: now)
            return true
        } catch {
            return false
        }
    }

    /// Bytes and lists only, nothing of the code under test but the conditions themselves.
    private static func isAllowedSimply(_ policy: PostPolicy, _ fields: [NameValue]) -> Bool {
        guard now.unixSeconds < policy.expiration.unixSeconds else { return false }
        func value(_ name: String) -> [UInt8]? {
            if name == "bucket" { return Array(bucket.utf8) }
            let values = fields.filter { $0.name.folded == name }.map { Array($0.value.utf8) }
            return values.isEmpty ? nil : Array(values.joined(separator: [UInt8(ascii: ",")]))
        }
        var covered = ["x-amz-signature", "awsaccesskeyid", "signature", "file", "policy"]
        for condition in policy.conditions {
            switch condition {
            case .exact(let field, let wanted):
                guard value(field.folded) == Array(wanted.utf8) else { return false }
                covered.append(field.folded)
            case .equals(let operand, let wanted):
                let name = String(operand.dropFirst()).folded
                guard operand.hasPrefix("$"), value(name) == Array(wanted.utf8) else {
                    return false
                }
                covered.append(name)
            case .startsWith(let operand, let prefix):
                let name = String(operand.dropFirst()).folded
                guard operand.hasPrefix("$"), let value = value(name) else { return false }
                guard starts(value, prefix, isList: name == "content-type") else { return false }
                covered.append(name)
            case .contentLengthRange(_, _, let bounds):
                if bounds == nil { return false }
            }
        }
        return (fields.map { $0.name.folded } + ["bucket"])
            .allSatisfy { covered.contains($0) || $0.hasPrefix("x-ignore-") }
    }

    private static func starts(_ value: [UInt8], _ prefix: String, isList: Bool) -> Bool {
        guard isList else { return value.starts(with: prefix.utf8) }
        let parts = value.parts(at: UInt8(ascii: ","))
        guard parts.count > 1 else { return value.starts(with: prefix.utf8) }
        return parts[0].starts(with: prefix.utf8)
            && parts.dropFirst().allSatisfy { $0.drop { $0 == 0x20 }.starts(with: prefix.utf8) }
    }

    private static func checkExtraField(_ policy: PostPolicy, _ fields: [NameValue]) throws {
        let name = "x-amz-meta-not-in-any-input-\(fields.count)"
        let covers = policy.conditions.contains { $0.fieldName == name }
        try expect(
            covers || !allows(policy, fields + [(name, "")]), "a field that no condition covers")
    }

    /// A size is allowed only if all ranges hold it.
    private static func checkSizes(_ policy: PostPolicy) throws {
        let ranges = policy.conditions.compactMap { condition -> ClosedRange<Int64>? in
            guard case .contentLengthRange(_, _, let bounds) = condition else { return nil }
            return bounds
        }
        let edges = ranges.flatMap { range in
            [range.lowerBound, range.upperBound].flatMap { [$0 &- 1, $0, $0 &+ 1] }
        }
        for size in Set(edges.prefix(60) + [0, 1, .max]) where size >= 0 {
            var isAllowed = true
            do throws(SignatureFailure) { try policy.check(sizeBytes: size) } catch {
                isAllowed = false
            }
            let holds = ranges.allSatisfy { $0.contains(size) }
            try expect(isAllowed == holds, "\(size) bytes allowed: \(isAllowed), by \(ranges)")
        }
    }
}

extension String {
    /// In lower case, its ASCII letters alone.
    fileprivate var folded: String {
        String(decoding: utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
    }
}
