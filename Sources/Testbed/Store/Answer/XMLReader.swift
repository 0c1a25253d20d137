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
    /// Of elements, comments, CDATA sections and instructions, which all cost about the same. Ten
    /// thousand parts with all that a part may say are 90,000.
    private static let itemLimit = 100_000
    private let bytes: [UInt8]
    private var position = 0
    private var itemCount = 0

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
        let count = text.utf8CodeUnitCount
        guard bytes.count - position >= count else { return false }
        for index in 0..<count where bytes[position + index] != text.utf8Start[index] {
            return false
        }
        return true
    }

    private mutating func count() throws(S3Failure) {
        itemCount += 1
        guard itemCount <= Self.itemLimit else { throw .malformedXML }
    }

    /// From the beginning of a comment and its kin.
    private mutating func skip(past end: StaticString) throws(S3Failure) {
        try count()
        while position < bytes.count {
            if looksAt(end) {
                position += end.utf8CodeUnitCount
                return
            }
            position += 1
        }
        throw .malformedXML
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
                try skipComment()
            } else {
                return
            }
        }
    }

    private mutating func skipComment() throws(S3Failure) {
        position += 4
        try skip(past: "-->")
    }

    private mutating func element(depth: Int) throws(S3Failure) -> XMLElement {
        guard depth < Self.depthLimit, looksAt("<") else { throw .malformedXML }
        try count()
        position += 1
        var element = XMLElement(name: try name())
        if try skipAttributes() { return element }
        while true {
            guard position < bytes.count else { throw .malformedXML }
            if bytes[position] != UInt8(ascii: "<") {
                try appendText(to: &element.text)
            } else if looksAt("</") {
                position += 2
                guard try name() == element.name else { throw .malformedXML }
                skipSpace()
                guard looksAt(">") else { throw .malformedXML }
                position += 1
                return element
            } else if looksAt("<!--") {
                try skipComment()
            } else if looksAt("<![CDATA[") {
                let start = position + 9
                position = start
                try skip(past: "]]>")
                element.text += bytes[start..<(position - 3)]
            } else {
                element.children.append(try self.element(depth: depth + 1))
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
        var colon: Int?
        while position < bytes.count, !Self.endsName(bytes[position]) {
            if bytes[position] == UInt8(ascii: ":"), colon == nil { colon = position }
            position += 1
        }
        let local = bytes[(colon.map { $0 + 1 } ?? start)..<position]
        guard !local.isEmpty, bytes[start] != UInt8(ascii: "!") else { throw .malformedXML }
        return String(decoding: local, as: UTF8.self)
    }

    private static func endsName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x09, 0x0D, 0x0A, UInt8(ascii: "/"), UInt8(ascii: ">"), UInt8(ascii: "<"),
            UInt8(ascii: "="), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "&"):
            true
        default: false
        }
    }

    /// Up to the next tag.
    private mutating func appendText(to text: inout [UInt8]) throws(S3Failure) {
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "<") {
            guard bytes[position] != UInt8(ascii: "&") else { break }
            position += 1
        }
        text += bytes[start..<position]
        if position < bytes.count, bytes[position] == UInt8(ascii: "&") {
            try appendReference(to: &text)
        }
    }

    private mutating func appendReference(to text: inout [UInt8]) throws(S3Failure) {
        for (name, byte) in Self.entities where looksAt(name) {
            position += name.utf8CodeUnitCount
            return text.append(byte)
        }
        guard looksAt("&#"),
            let end = bytes[position...].prefix(13).firstIndex(of: UInt8(ascii: ";")),
            let scalar = Self.scalar(bytes[(position + 2)..<end]),
            let encoded = Unicode.UTF8.encode(scalar)
        else { throw .malformedXML }
        position = end + 1
        text.append(contentsOf: encoded)
    }

    private static let entities: [(StaticString, UInt8)] = [
        ("&amp;", UInt8(ascii: "&")), ("&lt;", UInt8(ascii: "<")), ("&gt;", UInt8(ascii: ">")),
        ("&quot;", UInt8(ascii: "\"")), ("&apos;", UInt8(ascii: "'")),
    ]

    /// Of `65` or `x41`.
    private static func scalar(_ text: ArraySlice<UInt8>) -> Unicode.Scalar? {
        let isHex = text.first == UInt8(ascii: "x")
        let digits = isHex ? text.dropFirst() : text
        guard !digits.isEmpty else { return nil }
        var code: UInt32 = 0
        for byte in digits {
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46 where isHex, 0x61...0x66 where isHex: digit = (byte | 0x20) - 0x57
            default: return nil
            }
            code = code * (isHex ? 16 : 10) + UInt32(digit)
            guard code <= 0x10_FFFF else { return nil }
        }
        return Unicode.Scalar(code)
    }
}
