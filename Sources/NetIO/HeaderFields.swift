/// The header fields of a message in the order they were sent; names compare without case.
package struct HeaderFields: Sendable, Sequence {
    private var fields: [(name: String, value: String)] = []

    package init() {}

    package init(_ fields: [(name: String, value: String)]) { self.fields = fields }

    package mutating func append(_ name: String, _ value: String) { fields.append((name, value)) }

    package func first(_ name: String) -> String? {
        fields.first { isSameFieldName($0.name, name) }?.value
    }

    package func all(_ name: String) -> [String] {
        fields.filter { isSameFieldName($0.name, name) }.map(\.value)
    }

    package func makeIterator() -> IndexingIterator<[(name: String, value: String)]> {
        fields.makeIterator()
    }
}

private func isSameFieldName(_ left: String, _ right: String) -> Bool {
    guard left.utf8.count == right.utf8.count else { return false }
    return zip(left.utf8, right.utf8).allSatisfy { lowercased($0) == lowercased($1) }
}

private func lowercased(_ byte: UInt8) -> UInt8 {
    byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
}
