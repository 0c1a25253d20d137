import Testing

@testable import Presign

@Suite struct PlainBytesTests {
    @Test func `a byte that needs an escape is found at every place in a word of eight bytes`() {
        for byte in UInt8.min...UInt8.max {
            for position in 0..<19 {
                var text = [UInt8](repeating: 0x61, count: 19)
                text[position] = byte
                let plain = text.withUnsafeBytes { JSONString.plainPrefix($0) }
                #expect(plain == (JSONString.isPlain(byte) ? 19 : position))
            }
        }
    }

    @Test func `every byte is encoded alike wherever it stands`() {
        for byte in UInt8.min...UInt8.max {
            let alone = PercentEncoding.encode([byte], keepingSlash: true)
            for position in 0..<19 {
                var text = [UInt8](repeating: 0x61, count: 19)
                text[position] = byte
                let before = [UInt8](repeating: 0x61, count: position)
                let after = [UInt8](repeating: 0x61, count: 18 - position)
                #expect(PercentEncoding.encode(text, keepingSlash: true) == before + alone + after)
            }
        }
    }
}
