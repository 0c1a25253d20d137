import CCurl
import CLinux
import Glibc
import NetIO

/// Memory that all connections of an engine send with, one after the other.
struct SendScratch {
    let vectors = UnsafeMutableBufferPointer<iovec>.allocate(capacity: 8)
    let record = UnsafeMutableRawBufferPointer.allocate(
        byteCount: Link.recordBytes, alignment: 64)

    func deallocate() {
        vectors.deallocate()
        record.deallocate()
    }
}

/// How much of a request has been sent. Its pieces go from where they are to the socket.
struct RequestSender {
    private var piece = 0
    private var offset = 0

    var isHeadSent: Bool { piece > 0 }

    func isSent(_ request: Request) -> Bool { piece == request.pieceCount }

    /// Sends at most `limit` bytes with one call. Returns the bytes taken or a negative errno, and
    /// whether there is room for more.
    mutating func send(
        _ request: Request, over link: Link, limit: Int, headOnly: Bool, _ scratch: SendScratch
    ) -> (count: Int, hasRoom: Bool) {
        let end = headOnly ? 1 : request.pieceCount
        let sent: Int
        let offered: Int
        if let handle = link.secureHandle {
            sent = sendRecord(request, end, link, handle, scratch)
            offered = sent
        } else {
            var filled = 0
            sent = gather(request, piece..<end, offset, limit, 0, &filled, link, scratch)
            offered = filled
        }
        guard sent >= 0 else { return (sent, false) }
        advance(sent, in: request)
        return (sent, sent == offered)
    }

    /// Nests one call per piece, as their bytes may only be used within.
    private func gather(
        _ request: Request, _ pieces: Range<Int>, _ offset: Int, _ left: Int, _ count: Int,
        _ filled: inout Int, _ link: Link, _ scratch: SendScratch
    ) -> Int {
        guard left > 0, count < scratch.vectors.count, !pieces.isEmpty else {
            return link.write(UnsafeMutableBufferPointer(rebasing: scratch.vectors[..<count]))
        }
        let rest = (pieces.lowerBound + 1)..<pieces.upperBound
        return request.withPiece(pieces.lowerBound) { bytes in
            let length = min(bytes.count - offset, left)
            guard length > 0, let base = bytes.baseAddress else {
                return gather(request, rest, 0, left, count, &filled, link, scratch)
            }
            scratch.vectors[count] = iovec(
                iov_base: UnsafeMutableRawPointer(mutating: base + offset), iov_len: length)
            filled += length
            return gather(request, rest, 0, left - length, count + 1, &filled, link, scratch)
        }
    }

    /// TLS records from where the bytes are if they fill one, else one with small pieces copied
    /// together, because every record is a system call.
    private func sendRecord(
        _ request: Request, _ end: Int, _ link: Link, _ handle: UnsafeMutableRawPointer,
        _ scratch: SendScratch
    ) -> Int {
        let isDirect =
            piece + 1 == end || request.pieceLength(piece) - offset >= Link.recordBytes
        if isDirect {
            return request.withPiece(piece) { bytes in
                let stop = min(bytes.count, offset + Link.directBytes)
                return link.writeSecurely(handle, bytes.slice(offset..<stop))
            }
        }
        var count = 0
        var start = offset
        for index in piece..<end where count < Link.recordBytes {
            count += request.withPiece(index) { bytes in
                let length = min(bytes.count - start, Link.recordBytes - count)
                guard length > 0, let base = bytes.baseAddress,
                    let record = scratch.record.baseAddress
                else { return 0 }
                (record + count).copyMemory(from: base + start, byteCount: length)
                return length
            }
            start = 0
        }
        let record = UnsafeRawBufferPointer(rebasing: scratch.record[..<count])
        return link.writeSecurely(handle, record)
    }

    private mutating func advance(_ sent: Int, in request: Request) {
        offset += sent
        while piece < request.pieceCount, offset >= request.pieceLength(piece) {
            offset -= request.pieceLength(piece)
            piece += 1
        }
    }
}
