/// A POST policy: until when a form is good and what its fields may say (S3 API Reference,
/// "Creating a POST Policy").
package struct PostPolicy: Sendable, Equatable {
    package let expiration: SigningTime
    package let conditions: [PolicyCondition]

    package init(expiration: SigningTime, conditions: [PolicyCondition]) {
        self.expiration = expiration
        self.conditions = conditions
    }

    /// The document as Python's `json.dumps` writes it, which is what botocore signs.
    package var json: [UInt8] {
        var output = Self.opening(expiration)
        for (index, condition) in conditions.enumerated() {
            if index > 0 { output += Array(", ".utf8) }
            condition.appendJSON(to: &output)
        }
        return output + Array("]}".utf8)
    }

    static func opening(_ expiration: SigningTime) -> [UInt8] {
        Array("{\"expiration\": \"\(expiration.iso8601)\", \"conditions\": [".utf8)
    }

    /// Of every `content-length-range`; two that have nothing in common allow no size.
    package var sizeRanges: [ClosedRange<Int64>] {
        conditions.compactMap { condition in
            guard case .contentLengthRange(_, _, let bounds) = condition else { return nil }
            return bounds
        }
    }

    /// The largest size that all of them allow; nil when there is none.
    package var sizeLimitBytes: Int64? { sizeRanges.map(\.upperBound).min() }
}

/// One condition of a policy, spelled as the policy spells it.
package enum PolicyCondition: Sendable, Equatable {
    /// `{"field": "value"}`
    case exact(field: String, value: String)
    /// `["eq", "$field", "value"]`; the operand has its `$`.
    case equals(operand: String, value: String)
    /// `["starts-with", "$field", "prefix"]`; an empty prefix allows any value.
    case startsWith(operand: String, prefix: String)
    /// `["content-length-range", low, high]`, inclusive, low and high as the JSON has them; no
    /// bounds when they are no numbers.
    case contentLengthRange(low: String, high: String, bounds: ClosedRange<Int64>?)

    package static func equals(field: String, _ value: String) -> PolicyCondition {
        .equals(operand: "$" + field, value: value)
    }

    package static func startsWith(field: String, _ prefix: String) -> PolicyCondition {
        .startsWith(operand: "$" + field, prefix: prefix)
    }

    package static func contentLength(_ bytes: ClosedRange<Int64>) -> PolicyCondition {
        .contentLengthRange(
            low: String(bytes.lowerBound), high: String(bytes.upperBound), bounds: bytes)
    }

    /// The lower-case name of the field it speaks of; nil without one.
    var fieldName: String? {
        switch self {
        case .exact(let field, _): field.asciiLowercased
        case .equals(let operand, _), .startsWith(let operand, _):
            operand.hasPrefix("$") ? String(operand.dropFirst()).asciiLowercased : nil
        case .contentLengthRange: nil
        }
    }

    func appendJSON(to output: inout [UInt8]) {
        switch self {
        case .exact(let field, let value):
            output.append(UInt8(ascii: "{"))
            JSONString.append(field, to: &output, asciiOnly: true)
            output += Array(": ".utf8)
            JSONString.append(value, to: &output, asciiOnly: true)
            output.append(UInt8(ascii: "}"))
        case .equals(let operand, let value):
            Self.append(["eq", operand, value], to: &output)
        case .startsWith(let operand, let prefix):
            Self.append(["starts-with", operand, prefix], to: &output)
        case .contentLengthRange(let low, let high, _):
            output += Array("[\"content-length-range\", \(low), \(high)]".utf8)
        }
    }

    private static func append(_ words: [String], to output: inout [UInt8]) {
        for (index, word) in words.enumerated() {
            output += Array((index == 0 ? "[" : ", ").utf8)
            JSONString.append(word, to: &output, asciiOnly: true)
        }
        output.append(UInt8(ascii: "]"))
    }

    private static func inQuotes(_ bound: String) -> String {
        bound.hasPrefix("\"") ? bound : "\"\(bound)\""
    }

    /// As S3 names it when it fails: simple ones as `eq`, everything in quotes.
    var failureText: String {
        switch self {
        case .exact(let field, let value): "[\"eq\", \"$\(field)\", \"\(value)\"]"
        case .equals(let operand, let value): "[\"eq\", \"\(operand)\", \"\(value)\"]"
        case .startsWith(let operand, let prefix):
            "[\"starts-with\", \"\(operand)\", \"\(prefix)\"]"
        case .contentLengthRange(let low, let high, _):
            "[\"content-length-range\", \(Self.inQuotes(low)), \(Self.inQuotes(high))]"
        }
    }
}
