import Glibc
import NetIO
import Testing

@testable import Testbed

/// Answers on their way through a role.
@Suite(.serialized) struct UpstreamRelayTests {
    /// What a role's client gets of an answer.
    private final class Seen {
        var head: UpstreamHead?
        var body = HTTPResponse.Body.none
        var error: SystemError?

        var source: (any BodySource)? {
            guard case .stream(let source, _) = body else { return nil }
            return source
        }

        var whole: [UInt8]? {
            guard case .bytes(let bytes) = body else { return nil }
            return bytes
        }
    }

    private func relay(_ fixture: UpstreamFixture) -> Seen {
        let seen = Seen()
        // It holds the relay by its body.
        let relay = UpstreamRelay(limits: fixture.client.limits) { [weak seen] head, body in
            seen?.head = head
            seen?.body = body
        } failed: { [weak seen] in
            seen?.error = $0
        }
        fixture.client.open(fixture.head(), receiver: relay).finish()
        return seen
    }

    /// Reads what is there; negative when the source has failed.
    private func read(_ source: any BodySource, _ into: inout [UInt8]) -> Int {
        withUnsafeTemporaryAllocation(byteCount: 50_000, alignment: 16) { buffer in
            let count = source.read(into: UnsafeMutableRawBufferPointer(buffer))
            if count > 0 { into += buffer.prefix(count) }
            return count
        }
    }

    @Test func `a long answer is held back while nobody reads, and arrives whole`() throws {
        let pieces = 512
        let total = pieces * 65_536
        try UpstreamFixture.run { peer in
            peer.readHead()
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            peer.write(numberedPieces(pieces))
        } test: { fixture in
            let seen = relay(fixture)
            try fixture.turn { seen.head != nil }
            let source = try #require(seen.source)
            var wakes = 0
            source.onRefill { wakes += 1 }
            try fixture.turn { !source.isDry }
            try fixture.turn(milliseconds: 100)
            // Less than what the connection may have read before it was paused.
            var body: [UInt8] = []
            while !source.isDry { #expect(read(source, &body) > 0) }
            #expect(body.count <= UpstreamLimits().unreadBytes + 65_536)
            while body.count < total {
                try fixture.turn { !source.isDry }
                #expect(read(source, &body) > 0)
            }
            #expect(body == numberedPieces(pieces))
            #expect(wakes > 0)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 200 OK\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ])
    func `a short answer, or one without a length, comes whole`(_ text: String) throws {
        try UpstreamFixture.run { peer in
            peer.readHead()
            peer.write(text)
        } test: { fixture in
            let seen = relay(fixture)
            try fixture.turn { seen.head != nil }
            #expect(seen.whole == Array("abc".utf8))
        }
    }

    @Test func `an answer without a length has a limit`() throws {
        try UpstreamFixture.run { peer in
            peer.readHead()
            peer.write("HTTP/1.1 200 OK\r\n\r\n")
            let piece = [UInt8](repeating: 7, count: 1 << 20)
            while peer.write(piece) {}
        } test: { fixture in
            let seen = relay(fixture)
            try fixture.turn { seen.error != nil }
            #expect(seen.error?.code == EMSGSIZE)
            #expect(seen.head == nil)
        }
    }

    @Test func `an answer that breaks off fails its reader behind its last byte`() throws {
        try UpstreamFixture.run { peer in
            peer.readHead()
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            peer.write(pattern(60_000))
        } test: { fixture in
            let seen = relay(fixture)
            try fixture.turn { seen.head != nil }
            let source = try #require(seen.source)
            var body: [UInt8] = []
            while true {
                try fixture.turn { !source.isDry }
                guard read(source, &body) > 0 else { break }
            }
            #expect(body == pattern(60_000))
            #expect(seen.error == nil)
        }
    }

    @Test func `a reader that leaves ends the connection`() throws {
        let hasEnded = Counter()
        try UpstreamFixture.run { peer in
            peer.readHead()
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: \(64 << 20)\r\n\r\n")
            let piece = [UInt8](repeating: 7, count: 1 << 20)
            while peer.write(piece) {}
            hasEnded.add(1)
        } test: { fixture in
            let seen = relay(fixture)
            try fixture.turn { seen.head != nil }
            seen.source?.abandon()
            try fixture.turn { hasEnded.value == 1 }
        }
    }
}
