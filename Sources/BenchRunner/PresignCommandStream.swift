import Foundation
import Presign

/// `presign batch`: lines in, lines out, in bounded memory.
struct PresignBatchStream {
    private static let lineBytesLimit = 1 << 20
    private static let readBytes = 1 << 18
    private static let flushBytes = 1 << 16

    private let input: Int32
    private let output: Int32

    init(input: Int32, output: Int32) {
        self.input = input
        self.output = output
    }

    /// How many lines could not be signed.
    func run() throws(CommandError) -> Int {
        var signer = PresignBatchSigner()
        var pending: [UInt8] = []
        var answers: [UInt8] = []
        var isSkipping = false
        var block = [UInt8](repeating: 0, count: Self.readBytes)
        while let count = try read(into: &block) {
            var start = 0
            while let end = Self.lineEnd(in: block, start..<count) {
                if isSkipping {
                    isSkipping = false
                } else if pending.isEmpty {
                    signer.answer(block[start..<end], into: &answers)
                } else {
                    pending += block[start..<end]
                    signer.answer(pending[...], into: &answers)
                    pending.removeAll(keepingCapacity: true)
                }
                start = end + 1
                if answers.count >= Self.flushBytes { try flush(&answers) }
            }
            if !isSkipping { pending += block[start..<count] }
            if pending.count > Self.lineBytesLimit {
                signer.refuseLine("longer than \(Self.lineBytesLimit) bytes", into: &answers)
                pending.removeAll(keepingCapacity: true)
                isSkipping = true
            }
            // Whoever sent these lines may wait for their answers before sending more.
            try flush(&answers)
        }
        if !pending.isEmpty { signer.answer(pending[...], into: &answers) }
        try flush(&answers)
        return signer.failedCount
    }

    private static func lineEnd(in block: [UInt8], _ range: Range<Int>) -> Int? {
        block.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let end = memchr(base + range.lowerBound, 0x0A, range.count)
            else { return nil }
            return UnsafeRawPointer(end) - base
        }
    }

    /// nil at the end.
    private func read(into block: inout [UInt8]) throws(CommandError) -> Int? {
        while true {
            let count = block.withUnsafeMutableBytes { Glibc.read(input, $0.baseAddress, $0.count) }
            if count > 0 { return count }
            if count == 0 { return nil }
            guard errno == EINTR else {
                throw CommandError(
                    exitCode: .failure,
                    message: "cannot read the batch: \(String(cString: strerror(errno)))")
            }
        }
    }

    private func flush(_ answers: inout [UInt8]) throws(CommandError) {
        var offset = 0
        while offset < answers.count {
            let written = answers.withUnsafeBytes {
                write(output, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else {
                throw CommandError(
                    exitCode: .resultsNotWritten,
                    message: "cannot write the answers: \(String(cString: strerror(errno)))")
            }
            offset += written
        }
        answers.removeAll(keepingCapacity: true)
    }
}
