import NetIO
import Presign

/// What a client calls one request by, so that asking twice is asking once (IETF draft "The
/// Idempotency-Key HTTP Header Field"). It becomes the name of the object, so only a UUID is one: a
/// client says by it which of its own uploads it means, and nothing of the key's form.
struct IdempotencyKey: Equatable {
    static let field = "Idempotency-Key"
    /// As RFC 9562 §4 writes it, in lower case: one key has one text.
    let uuid: String

    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return nil }
        for (index, byte) in bytes.enumerated() {
            let isDash = [8, 13, 18, 23].contains(index)
            let isDigit = (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
            guard isDash ? byte == UInt8(ascii: "-") : isDigit else { return nil }
        }
        uuid = text
    }

    /// What a request says: nothing, one key, or what is none.
    enum Claim: Equatable {
        case none
        case key(IdempotencyKey)
        case malformed
    }

    static func claim(of headers: HeaderFields) -> Claim {
        let values = headers.all(field)
        guard let value = values.first else { return .none }
        guard values.count == 1, let key = IdempotencyKey(value) else { return .malformed }
        return .key(key)
    }

    static var refusal: HTTPResponse {
        GatewayAnswer.error(400, "\(field) must be one UUID in lower case")
    }

    /// The review's number follows from the object, so that the second answer is the first one's
    /// (RFC 9562 §5.8, a version 8 UUID).
    static func reviewID(of key: String) -> String {
        var bytes = Array(SHA256.digest(Array("review:\(key)".utf8)).bytes.prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = Array(Hex.encode(bytes))
        let cuts = [0, 8, 12, 16, 20, 32]
        return zip(cuts, cuts.dropFirst()).map { String(hex[$0..<$1]) }.joined(separator: "-")
    }
}
