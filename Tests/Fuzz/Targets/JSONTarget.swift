import Foundation

@testable import Presign

/// A JSON document. What our parser takes, Foundation's takes too and reads alike; and texts are
/// written so that they are read again as they were.
enum JSONTarget {
    static func run(_ input: [UInt8]) throws {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(input)
        } catch {
            try expect(error.offset >= 0 && error.offset <= input.count, "\(error)")
            return try expect(!error.reason.isEmpty, "an error without a reason")
        }
        try roundTrip(value)
        // Foundation guesses at other encodings where a byte is 0, and refuses numbers beyond Double.
        guard !input.contains(0), numbersFit(value) else { return }
        let other: Any
        do {
            other = try JSONSerialization.jsonObject(
                with: Data(input), options: [.fragmentsAllowed])
        } catch {
            throw FuzzFinding(description: "only our parser takes it: \(error)")
        }
        try expect(isSame(value, other), "we read \(value), Foundation \(other)")
    }

    private static func numbersFit(_ value: JSONValue) -> Bool {
        switch value {
        case .number(let text): Double(text).map { $0.isFinite } ?? false
        case .array(let elements): elements.allSatisfy(numbersFit)
        case .object(let members): members.allSatisfy { numbersFit($0.value) }
        default: true
        }
    }

    private static func isSame(_ value: JSONValue, _ other: Any) -> Bool {
        switch value {
        case .null: return other is NSNull
        case .bool(let flag): return (other as? NSNumber)?.boolValue == flag
        case .number: return other is NSNumber
        case .string(let text):
            return (other as? String).map { Array($0.utf8) == Array(text.utf8) } ?? false
        case .array(let elements):
            guard let list = other as? [Any], list.count == elements.count else { return false }
            return zip(elements, list).allSatisfy { isSame($0, $1) }
        case .object(let members):
            guard let object = other as? [String: Any] else { return false }
            // Of a name that comes twice each keeps another; names that are equal as text too.
            let names = Set(members.map(\.name))
            guard names.count == members.count else { return true }
            return object.count == members.count
                && members.allSatisfy { member in
                    object[member.name].map { isSame(member.value, $0) } ?? false
                }
        }
    }

    private static func roundTrip(_ value: JSONValue) throws {
        switch value {
        case .string(let text): try checkText(text)
        case .array(let elements): for element in elements { try roundTrip(element) }
        case .object(let members):
            for member in members {
                try checkText(member.name)
                try roundTrip(member.value)
            }
        default: break
        }
    }

    private static func checkText(_ text: String) throws {
        for asciiOnly in [true, false] {
            var written: [UInt8] = []
            JSONString.append(text, to: &written, asciiOnly: asciiOnly)
            let again = try JSONParser.parse(written).string
            try expect(again.map { Array($0.utf8) } == Array(text.utf8), "'\(text)' as \(written)")
        }
    }
}
