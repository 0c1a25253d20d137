/// An element of a small XML document; names without their namespace prefix.
struct XMLElement {
    var name: String
    var text: [UInt8] = []
    var children: [XMLElement] = []

    var string: String { String(decoding: text, as: UTF8.self) }

    /// The text without the white space around it.
    var trimmed: String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        guard let start = text.firstIndex(where: { !isSpace($0) }),
            let end = text.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(decoding: text[start...end], as: UTF8.self)
    }

    func first(_ name: String) -> XMLElement? { children.first { $0.name == name } }
    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
}

/// Reads the documents that S3 takes. Document types are refused: they are never needed, and
/// entities of one's own are an attack.
struct XMLReader {
    private static let depthLimit = 16
    /// Ten thousand parts with all that a part may say are 90,000.
    private static let elementLimit = 100_000
    private let bytes: [UInt8]
    private var position = 0
    private var elementCount = 0

    static func read(_ bytes: [UInt8]) throws(S3Failure) -> XMLElement {
        var reader = XMLReader(bytes: bytes)
        try reader.skipMarkup()
        let root = try reader.element(depth: 0)
        try reader.skipMarkup()
        guard reader.position == bytes.count else { throw .malformedXML }
        return root
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    private func looksAt(_ text: StaticString) -> Bool {
        bytes.count - position >= text.utf8CodeUnitCount
            && bytes[position..<(position + text.utf8CodeUnitCount)].elementsEqual(
                UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func skip(past end: String) throws(S3Failure) {
        guard let found = bytes[position...].firstRange(of: Array(end.utf8)) else {
            throw .malformedXML
        }
        position = found.upperBound
    }

    private mutating func skipSpace() {
        while position < bytes.count, bytes[position] == 0x20 || (9...13).contains(bytes[position])
        {
            position += 1
        }
    }

    /// White space, comments and processing instructions outside the root.
    private mutating func skipMarkup() throws(S3Failure) {
        while true {
            skipSpace()
            if looksAt("<?") {
                try skip(past: "?>")
            } else if looksAt("<!--") {
                try skip(past: "-->")
            } else {
                return
            }
        }
    }

    private mutating func element(depth: Int) throws(S3Failure) -> XMLElement {
        guard depth < Self.depthLimit, elementCount < Self.elementLimit, looksAt("<") else {
            throw .malformedXML
        }
        elementCount += 1
        position += 1
        var element = XMLElement(name: try name())
        if try skipAttributes() { return element }
        while true {
            guard position < bytes.count else { throw .malformedXML }
            if looksAt("</") {
                position += 2
                guard try name() == element.name else { throw .malformedXML }
                skipSpace()
                guard looksAt(">") else { throw .malformedXML }
                position += 1
                return element
            } else if looksAt("<!--") {
                try skip(past: "-->")
            } else if looksAt("<![CDATA[") {
                let start = position + 9
                try skip(past: "]]>")
                element.text += bytes[start..<(position - 3)]
            } else if looksAt("<") {
                element.children.append(try self.element(depth: depth + 1))
            } else {
                try appendText(to: &element.text)
            }
        }
    }

    /// Up to and with the tag's `>`; true when the element ends there.
    private mutating func skipAttributes() throws(S3Failure) -> Bool {
        var quote: UInt8?
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                return bytes[position - 2] == UInt8(ascii: "/")
            }
        }
        throw .malformedXML
    }

    private mutating func name() throws(S3Failure) -> String {
        let start = position
        while position < bytes.count, !" \t\r\n/><=\"'&".utf8.contains(bytes[position]) {
            position += 1
        }
        let name = bytes[start..<position]
        let local = name.split(separator: UInt8(ascii: ":"), maxSplits: 1).last ?? []
        guard !local.isEmpty, !name.starts(with: [UInt8(ascii: "!")]) else { throw .malformedXML }
        return String(decoding: local, as: UTF8.self)
    }

    private mutating func appendText(to text: inout [UInt8]) throws(S3Failure) {
        while position < bytes.count, bytes[position] != UInt8(ascii: "<") {
            if bytes[position] == UInt8(ascii: "&") {
                text += try reference()
            } else {
                text.append(bytes[position])
                position += 1
            }
        }
    }

    private mutating func reference() throws(S3Failure) -> [UInt8] {
        let rest = bytes[(position + 1)...].prefix(12)
        guard let end = rest.firstIndex(of: UInt8(ascii: ";")) else { throw .malformedXML }
        let name = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
        position = end + 1
        switch name {
        case "amp": return Array("&".utf8)
        case "lt": return Array("<".utf8)
        case "gt": return Array(">".utf8)
        case "quot": return Array("\"".utf8)
        case "apos": return Array("'".utf8)
        default: break
        }
        let isHex = name.hasPrefix("#x")
        guard name.hasPrefix("#"),
            let code = UInt32(name.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10),
            !name.contains("+"),
            let scalar = Unicode.Scalar(code)
        else { throw .malformedXML }
        return Array(String(Character(scalar)).utf8)
    }
}
