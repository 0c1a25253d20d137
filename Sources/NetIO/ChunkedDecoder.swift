/// The bounds of the framing around chunked data.
package struct ChunkedLimits: Sendable {
    /// Of one size line with its extensions.
    package var sizeLineBytes = 4 * 1024
    /// Of all extensions of a message: a byte of data per long extension is an attack.
    package var extensionsBytes = 64 * 1024
    package var trailersBytes = 16 * 1024

    package init() {}
}

/// Takes chunked data out of its framing (RFC 9112 §7.1) as it arrives, however it is cut.
package struct ChunkedDecoder: Sendable {
    private enum State {
        case size
        case sizeSpace
        case extensions
        case sizeLineFeed
        case data
        case dataReturn
        case dataLineFeed
        case trailerStart
        case trailer
        case trailerLineFeed
        case endLineFeed
        case complete
    }

    private let limits: ChunkedLimits
    private var state = State.size
    private var digits = 0
    private var left: Int64 = 0
    private var lineBytes = 0
    private var extensionsBytes = 0
    private var trailersBytes = 0
    private var trailerLine: [UInt8] = []

    package init(limits: ChunkedLimits = ChunkedLimits()) { self.limits = limits }

    package var isComplete: Bool { state == .complete }

    /// The next run of data, taken off the front of `input`; nil once the input is used up or the
    /// body is complete. What is left of the input then belongs to the next message.
    package mutating func next(
        _ input: inout UnsafeRawBufferPointer
    ) throws(SyntaxError) -> UnsafeRawBufferPointer? {
        var position = 0
        defer { input = input.slice(position..<input.count) }
        while position < input.count, state != .complete {
            if state == .data {
                let end = position + Int(min(left, Int64(input.count - position)))
                let data = input.slice(position..<end)
                left -= Int64(data.count)
                position = end
                if left == 0 { state = .dataReturn }
                return data
            }
            try take(input[position])
            position += 1
        }
        return nil
    }

    private mutating func take(_ byte: UInt8) throws(SyntaxError) {
        switch state {
        case .size: try takeSize(byte)
        case .sizeSpace: try takeSizeSpace(byte)
        case .extensions: try takeExtension(byte)
        case .sizeLineFeed:
            try expect(byte, 0x0A, "a chunk size line does not end in CR LF")
            (digits, lineBytes) = (0, 0)
            state = left == 0 ? .trailerStart : .data
        case .dataReturn:
            try expect(byte, 0x0D, "a chunk is longer than its size")
            state = .dataLineFeed
        case .dataLineFeed:
            try expect(byte, 0x0A, "a chunk is longer than its size")
            state = .size
        case .trailerStart, .trailer, .trailerLineFeed, .endLineFeed: try takeTrailer(byte)
        case .data, .complete: break
        }
    }

    private mutating func takeSize(_ byte: UInt8) throws(SyntaxError) {
        if let digit = hexValue(byte) {
            // Fifteen digits stay below Int64's end; leading zeros count, to bound them too.
            guard digits < 15 else { throw .malformed("a chunk size is too large") }
            if digits == 0 { left = 0 }
            left = left << 4 | Int64(digit)
            digits += 1
            return
        }
        guard digits > 0 else { throw .malformed("a chunk size is not a hexadecimal number") }
        switch byte {
        case 0x0D: state = .sizeLineFeed
        default: try takeSizeSpace(byte)
        }
    }

    /// RFC 9112 §7.1.1 allows white space before `;`, and nothing else.
    private mutating func takeSizeSpace(_ byte: UInt8) throws(SyntaxError) {
        switch byte {
        case 0x0D: state = .sizeLineFeed
        case 0x20, 0x09:
            try takeExtension(byte)
            state = .sizeSpace
        case UInt8(ascii: ";"):
            state = .extensions
            try takeExtension(byte)
        default: throw .malformed("a chunk size is not a hexadecimal number")
        }
    }

    private mutating func takeExtension(_ byte: UInt8) throws(SyntaxError) {
        guard byte != 0x0D else {
            state = .sizeLineFeed
            return
        }
        guard isFieldValueByte(byte) else {
            throw .malformed("a chunk extension holds a control character")
        }
        lineBytes += 1
        extensionsBytes += 1
        guard lineBytes <= limits.sizeLineBytes else {
            throw .tooLarge(limit: "sizeLineBytes", limits.sizeLineBytes)
        }
        guard extensionsBytes <= limits.extensionsBytes else {
            throw .tooLarge(limit: "extensionsBytes", limits.extensionsBytes)
        }
    }

    /// Trailer fields are checked and dropped: nothing here may rely on them (RFC 9110 §6.5.1).
    private mutating func takeTrailer(_ byte: UInt8) throws(SyntaxError) {
        trailersBytes += 1
        guard trailersBytes <= limits.trailersBytes else {
            throw .tooLarge(limit: "trailersBytes", limits.trailersBytes)
        }
        switch (state, byte) {
        case (.trailerStart, 0x0D): state = .endLineFeed
        case (.endLineFeed, _):
            try expect(byte, 0x0A, "the trailer section does not end in CR LF")
            state = .complete
        case (.trailer, 0x0D): state = .trailerLineFeed
        case (.trailerLineFeed, _):
            try expect(byte, 0x0A, "a trailer line does not end in CR LF")
            try checkTrailerLine()
            state = .trailerStart
        default:
            trailerLine.append(byte)
            state = .trailer
        }
    }

    private mutating func checkTrailerLine() throws(SyntaxError) {
        let line = trailerLine
        trailerLine.removeAll()
        var problem: SyntaxError?
        line.withUnsafeBytes { bytes in
            do throws(SyntaxError) { _ = try FieldSection.parseLine(bytes) } catch {
                problem = error
            }
        }
        if let problem { throw problem }
    }

    private func expect(_ byte: UInt8, _ expected: UInt8, _ what: String) throws(SyntaxError) {
        guard byte == expected else { throw .malformed(what) }
    }
}

private func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
}
