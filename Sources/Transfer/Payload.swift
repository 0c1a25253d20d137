import Glibc
import Measure
package import NetIO

/// Bytes of a file to upload, never changed once made.
///
/// `@unchecked Sendable`: the memory is written in the initialiser only.
package final class Payload: @unchecked Sendable {
    /// What is in memory: all, or the bytes that are repeated.
    package let buffer: UnsafeRawBufferPointer
    /// With its repetitions.
    package let byteCount: Int
    private let isMapped: Bool

    /// `prefix`, and after it noise that nothing on the way can compress, the same for the same
    /// seed.
    ///
    /// - Parameter windowBytes: a larger file repeats its first so many bytes, so that files of any size
    ///   fit into the memory.
    package init(
        byteCount: Int, prefix: [UInt8] = [], seed: UInt64, windowBytes: Int = .max
    ) {
        self.byteCount = byteCount
        let byteCount = min(byteCount, windowBytes)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 4096)
        var noise = SeededRandom(seed: seed)
        let wholeWords = byteCount & ~7
        for offset in stride(from: 0, to: wholeWords, by: 8) {
            memory.storeBytes(of: noise.next(), toByteOffset: offset, as: UInt64.self)
        }
        withUnsafeBytes(of: noise.next()) { last in
            memory[wholeWords...].copyBytes(from: last.prefix(byteCount - wholeWords))
        }
        memory.copyBytes(from: prefix.prefix(byteCount))
        buffer = UnsafeRawBufferPointer(memory)
        isMapped = false
    }

    package init(_ bytes: [UInt8]) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 4096)
        memory.copyBytes(from: bytes)
        buffer = UnsafeRawBufferPointer(memory)
        byteCount = bytes.count
        isMapped = false
    }

    /// Maps a file. One that is shortened while the run reads it fails uploads, and with TLS ends
    /// the process (mmap(2), SIGBUS), so it must not be changed.
    package init(mappingFile path: String) throws(SystemError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(operation: "open \(path)") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemError(operation: "stat \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SystemError(operation: "mmap \(path)", code: EINVAL)
        }
        guard status.st_size > 0 else {
            buffer = UnsafeRawBufferPointer(start: nil, count: 0)
            byteCount = 0
            isMapped = false
            return
        }
        let size = Int(status.st_size)
        byteCount = size
        guard let memory = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0),
            memory != MAP_FAILED
        else { throw SystemError(operation: "mmap \(path)") }
        buffer = UnsafeRawBufferPointer(start: memory, count: size)
        isMapped = true
    }

    deinit {
        guard let start = buffer.baseAddress else { return }
        if isMapped {
            munmap(UnsafeMutableRawPointer(mutating: start), buffer.count)
        } else {
            buffer.deallocate()
        }
    }
}

extension Payload {
    /// The bytes of a range, in as many pieces as it takes where they are repeated.
    ///
    /// - Parameter range: is cut to the payload's bytes.
    package func slices(_ range: Range<Int>) -> [BodySlice] {
        let range = range.clamped(to: 0..<byteCount)
        guard !buffer.isEmpty, range.upperBound > buffer.count else {
            return [.payload(self, range)]
        }
        var slices: [BodySlice] = []
        var offset = range.lowerBound
        while offset < range.upperBound {
            let start = offset % buffer.count
            let end = min(buffer.count, start + range.upperBound - offset)
            slices.append(.payload(self, start..<end))
            offset += end - start
        }
        return slices
    }
}
