import Testing

@testable import NetIO

@Suite struct OctetsTests {
    @Test func `a field value is told the same at every place in a word of eight bytes`() {
        for byte in UInt8.min...UInt8.max {
            for position in 0..<19 {
                var text = [UInt8](repeating: 0x61, count: 19)
                text[position] = byte
                #expect(text.withUnsafeBytes { isFieldValue($0) } == isFieldValueByte(byte))
            }
        }
        #expect([UInt8]().withUnsafeBytes { isFieldValue($0) })
    }
}
