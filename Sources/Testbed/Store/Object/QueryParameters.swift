import Presign

/// A request's query, decoded; the signature's own parameters are left out.
struct QueryParameters {
    private let pairs: [(name: String, value: [UInt8])]
    let isPresigned: Bool

    init(_ rawQuery: String) {
        var pairs: [(name: String, value: [UInt8])] = []
        var isPresigned = false
        for pair in rawQuery.utf8.split(separator: UInt8(ascii: "&")) {
            // `X-Amz-Signature` and its kin; hoisted headers are in lower case.
            if pair.starts(with: "X-Amz-".utf8) {
                isPresigned = true
                continue
            }
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let name = PercentEncoding.decode(pair[..<equals], plusIsSpace: true)
            let value = PercentEncoding.decode(pair[equals...].dropFirst(), plusIsSpace: true)
            pairs.append((String(decoding: name, as: UTF8.self), value))
        }
        self.pairs = pairs
        self.isPresigned = isPresigned
    }

    func contains(_ name: String) -> Bool { pairs.contains { $0.name == name } }

    func bytes(_ name: String) -> [UInt8]? { pairs.first { $0.name == name }?.value }

    func text(_ name: String) -> String? {
        bytes(name).map { String(decoding: $0, as: UTF8.self) }
    }

    func isRepeated(_ name: String) -> Bool { pairs.count { $0.name == name } > 1 }

    func firstName(in names: Set<String>) -> String? {
        pairs.first { names.contains($0.name) }?.name
    }

    /// Headers that a signer moved into the query, as the JavaScript SDK does.
    var hoistedHeaders: [NameValue] {
        pairs.map { ($0.name.asciiLowercased, String(decoding: $0.value, as: UTF8.self)) }
            .filter { $0.name.hasPrefix("x-amz-") }
    }

    /// A whole number; nil when absent.
    func integer(
        _ name: String, in range: ClosedRange<Int>
    ) throws(S3Failure) -> Int? {
        guard let text = text(name), !text.isEmpty else { return nil }
        guard text.first != "+", let number = Int(text) else {
            throw .invalidArgument(
                "Provided \(name) not an integer or within integer range", name: name, value: text)
        }
        guard range.contains(number) else {
            throw .invalidArgument(
                "Argument \(name) must be an integer between \(range.lowerBound) and \(range.upperBound)",
                name: name, value: text)
        }
        return number
    }
}
