import NetIO
import Testing

@testable import Testbed

/// Where an answer ends, and what is no answer (RFC 9112 §6.3).
@Suite struct UpstreamAnswerReaderTests {
    private struct Read {
        var status: Int?
        var length: Int64?
        var body = ""
        var isComplete = false
        var keepsConnection = false
        var rest = 0
    }

    /// Reads `text` in pieces of `cut` bytes; nil for a syntax error.
    private func read(_ text: String, cut: Int, isHead: Bool = false) -> Read? {
        var reader = UpstreamAnswerReader(isHead: isHead, limits: UpstreamLimits())
        var read = Read()
        let all = Array(text.utf8)
        for start in stride(from: 0, to: all.count, by: cut) {
            let piece = Array(all[start..<min(start + cut, all.count)])
            let isFine = piece.withUnsafeBytes { raw in
                var bytes = raw
                do throws(SyntaxError) {
                    while let event = try reader.next(&bytes) { note(event, &read) }
                } catch {
                    return false
                }
                read.rest += bytes.count
                return true
            }
            guard isFine else { return nil }
        }
        read.keepsConnection = reader.keepsConnection
        if !read.isComplete { read.isComplete = reader.endsWithConnection() }
        return read
    }

    private func note(_ event: UpstreamAnswerReader.Event, _ read: inout Read) {
        switch event {
        case .head(let head): (read.status, read.length) = (head.status, head.bodyLength)
        case .data(let bytes): read.body += String(decoding: bytes, as: UTF8.self)
        case .end: read.isComplete = true
        }
    }

    @Test(arguments: [
        ("by length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", true),
        ("an empty one", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", true),
        ("without a body", "HTTP/1.1 204 No Content\r\n\r\n", "", true),
        ("unchanged", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "", true),
        (
            "chunked",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nT: 1\r\n\r\n",
            "abc", true
        ),
        ("until the end", "HTTP/1.1 200 OK\r\n\r\nabc", "abc", false),
        (
            "behind interim ones",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
            "abc", true
        ),
        (
            "with its close told",
            "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 3\r\n\r\nabc", "abc", false
        ),
    ])
    func `an answer is read however it is cut`(
        _ name: String, _ text: String, _ body: String, _ keepsConnection: Bool
    ) throws {
        for cut in 1...text.utf8.count {
            let read = try #require(self.read(text, cut: cut), "\(name), cut \(cut)")
            #expect(read.body == body, "\(name), cut \(cut)")
            #expect(read.isComplete, "\(name), cut \(cut)")
            #expect(read.keepsConnection == keepsConnection, "\(name), cut \(cut)")
            #expect(read.rest == 0, "\(name), cut \(cut)")
        }
    }

    @Test func `the answer to HEAD ends with its head`() throws {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
        let read = try #require(self.read(text, cut: 7, isHead: true))
        #expect(read.isComplete && read.length == 0)
    }

    @Test func `what comes behind an answer is left over`() throws {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP"
        #expect(try #require(read(text, cut: 1000)).rest == 4)
    }

    @Test func `an answer that breaks off is not complete`() throws {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        ] {
            #expect(try #require(read(text, cut: 1000)).isComplete == false, "\(text)")
        }
    }

    @Test(arguments: [
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 3\n\n", "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 17),
        "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 65_536) + "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 70_000),
    ])
    func `what is no answer is refused`(_ text: String) {
        #expect(read(text, cut: 4096) == nil)
    }
}
