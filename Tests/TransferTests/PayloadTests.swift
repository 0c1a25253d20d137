import Foundation
import NetIO
import Testing
import Transfer

@Suite struct PayloadTests {
    private func bytes(_ payload: Payload) -> [UInt8] {
        withExtendedLifetime(payload) { Array(payload.buffer) }
    }

    @Test(arguments: [0, 1, 7, 8, 9, 1000])
    func `noise depends on its seed only, and starts with its prefix`(_ count: Int) {
        let first = bytes(Payload(byteCount: count, prefix: [1, 2, 3], seed: 1))
        #expect(first.count == count)
        #expect(first == bytes(Payload(byteCount: count, prefix: [1, 2, 3], seed: 1)))
        #expect(first.starts(with: [1, 2, 3].prefix(count)))
        guard count > 3 else { return }
        #expect(first != bytes(Payload(byteCount: count, prefix: [1, 2, 3], seed: 2)))
    }

    @Test func `a file is mapped as it is, and a folder is refused`() throws {
        let file = URL(fileURLWithPath: NSTemporaryDirectory())
            .appendingPathComponent(UUID().uuidString)
        try Data("content".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(bytes(try Payload(mappingFile: file.path)) == Array("content".utf8))
        #expect(throws: SystemError.self) { try Payload(mappingFile: NSTemporaryDirectory()) }
        #expect(throws: SystemError.self) { try Payload(mappingFile: file.path + "-missing") }
        try Data().write(to: file)
        #expect(bytes(try Payload(mappingFile: file.path)).isEmpty)
    }

    @Test(arguments: [0..<1000, 0..<0, 250..<251, 299..<301, 300..<600, 999..<1000, 900..<5000])
    func `a large file repeats its first bytes, in pieces of what is in memory`(_ range: Range<Int>)
    {
        let payload = Payload(byteCount: 1000, prefix: [1, 2, 3], seed: 1, windowBytes: 300)
        #expect(payload.buffer.count == 300 && payload.byteCount == 1000)
        let window = bytes(payload)
        let sent = payload.slices(range).flatMap { slice -> [UInt8] in
            guard case .payload(let source, let part) = slice else { return [] }
            return Array(bytes(source)[part])
        }
        #expect(sent == range.clamped(to: 0..<1000).map { window[$0 % 300] })
    }
}
