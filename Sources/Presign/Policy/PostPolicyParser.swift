/// Why a policy document cannot be used; S3 answers 400 InvalidPolicyDocument with this text.
package struct PolicyDocumentError: Error, Equatable {
    package let message: String

    static let invalidJSON = PolicyDocumentError(message: "Invalid Policy: Invalid JSON.")
}

extension PostPolicy {
    package init(json: [UInt8]) throws(PolicyDocumentError) {
        let parsed: JSONValue
        do throws(JSONError) {
            parsed = try JSONParser.parse(json)
        } catch {
            throw .invalidJSON
        }
        guard case .object(let members) = parsed else { throw .invalidJSON }
        // Parsers differ in which of two they take: the signer could have meant the other.
        guard Set(members.map(\.name)).count == members.count else { throw .invalidJSON }
        guard let expiration = parsed["expiration"] else {
            throw PolicyDocumentError(message: "Invalid Policy: Policy missing expiration.")
        }
        guard let list = parsed["conditions"] else {
            throw PolicyDocumentError(message: "Invalid Policy: Policy missing conditions.")
        }
        let text = expiration.string ?? expiration.number ?? ""
        guard let time = expiration.string.flatMap(SigningTime.init(iso8601:)) else {
            throw PolicyDocumentError(
                message: "Invalid Policy: Invalid 'expiration' value: '\(text)'")
        }
        guard let elements = list.array else { throw .invalidJSON }
        var conditions: [PolicyCondition] = []
        for element in elements { conditions.append(try PolicyCondition(element)) }
        self.init(expiration: time, conditions: conditions)
    }
}

extension PolicyCondition {
    package init(_ json: JSONValue) throws(PolicyDocumentError) {
        switch json {
        case .object(let members): self = try Self.simple(members)
        case .array(let elements): self = try Self.list(elements)
        default: throw .invalidJSON
        }
    }

    private static func simple(
        _ members: [(name: String, value: JSONValue)]
    ) throws(PolicyDocumentError) -> PolicyCondition {
        guard members.count == 1, let member = members.first else {
            throw PolicyDocumentError(
                message:
                    "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
            )
        }
        guard let value = member.value.string else {
            if member.value.isNull { throw .invalidJSON }
            throw PolicyDocumentError(
                message: "Invalid Policy: Invalid Simple-Condition: value must be a string.")
        }
        return .exact(field: member.name, value: value)
    }

    private static func list(
        _ elements: [JSONValue]
    ) throws(PolicyDocumentError) -> PolicyCondition {
        guard elements.count == 3, let operation = elements[0].string else { throw .invalidJSON }
        switch operation.lowercased() {
        case "eq":
            return .equals(operand: try text(elements[1]), value: try text(elements[2]))
        case "starts-with":
            return .startsWith(operand: try text(elements[1]), prefix: try text(elements[2]))
        case "content-length-range":
            let (low, high) = (try bound(elements[1]), try bound(elements[2]))
            return .contentLengthRange(low: low, high: high, bounds: range(low, high))
        default:
            throw PolicyDocumentError(
                message: "Invalid Policy: Invalid Condition: unknown operation '\(operation)'.")
        }
    }

    private static func text(_ json: JSONValue) throws(PolicyDocumentError) -> String {
        guard let text = json.string else { throw .invalidJSON }
        return text
    }

    /// A whole number or a text; S3 refuses `10.0` as a document, `"ten"` as a condition.
    private static func bound(_ json: JSONValue) throws(PolicyDocumentError) -> String {
        if let text = json.string { return JSONString.quoted(text, asciiOnly: true) }
        guard let number = json.number, Int64(number) != nil else { throw .invalidJSON }
        return number
    }

    private static func range(_ low: String, _ high: String) -> ClosedRange<Int64>? {
        func number(_ bound: String) -> Int64? { Int64(bound.filter { $0 != "\"" }) }
        guard let low = number(low), let high = number(high), low <= high else { return nil }
        return low...high
    }
}
