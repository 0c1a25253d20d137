import Foundation
import NetIO
import Testing

@testable import Testbed

/// An upstream client on a loop that the test itself turns, and the peer that it talks to.
final class UpstreamFixture {
    let loop: EventLoop
    let client: UpstreamClient
    let peer: ScriptedPeer

    private init(_ limits: UpstreamLimits, _ peer: ScriptedPeer) throws {
        self.peer = peer
        loop = try EventLoop()
        client = UpstreamClient(
            loop: loop, address: try SocketAddress(resolving: "127.0.0.1", port: peer.port),
            limits: limits)
    }

    static func run(
        limits: UpstreamLimits = UpstreamLimits(), listens: Bool = true,
        script: @escaping @Sendable (PeerConnection) -> Void,
        test: (UpstreamFixture) throws -> Void
    ) throws {
        let peer = try ScriptedPeer(listens: listens, script)
        defer { peer.stop() }
        let fixture = try UpstreamFixture(limits, peer)
        defer { fixture.loop.end() }
        try test(fixture)
    }

    /// Turns the loop until the condition holds, for ten seconds at most.
    func turn(until condition: () -> Bool) throws {
        var isLate = false
        let deadline = loop.schedule(afterNs: 10_000_000_000) { isLate = true }
        defer { loop.cancel(deadline) }
        // What happens on other threads is looked for now and then.
        var ticks = true
        func tick() {
            loop.schedule(afterNs: 2_000_000) { if ticks { tick() } }
        }
        tick()
        defer { ticks = false }
        while !condition() {
            try #require(!isLate, "nothing happened for ten seconds")
            loop.turn()
        }
    }

    /// Turns the loop for a while, in which something must not happen.
    func turn(milliseconds: Int64) throws {
        var isOver = false
        loop.schedule(afterNs: milliseconds * 1_000_000) { isOver = true }
        try turn { isOver }
    }

    /// Sends a request without a body and waits for what becomes of it.
    func answer(
        _ method: String = "GET", _ fields: String = ""
    ) throws -> Result<UpstreamAnswer, SystemError> {
        var result: Result<UpstreamAnswer, SystemError>?
        client.send(head(method, fields)) { result = $0 }
        try turn { result != nil }
        return try #require(result)
    }

    /// One request, with its answer's body.
    func expect(
        _ body: String, _ method: String = "GET", _ fields: String = "",
        at place: SourceLocation = #_sourceLocation
    ) throws {
        let answer = try answer(method, fields)
        #expect(answer.text == body, sourceLocation: place)
    }

    func head(_ method: String = "GET", _ fields: String = "") -> [UInt8] {
        Array("\(method) / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n".utf8)
    }
}

extension Result where Success == UpstreamAnswer, Failure == SystemError {
    var status: Int? { (try? get())?.status }
    var body: [UInt8]? { (try? get())?.body }
    var text: String? { body.map { String(decoding: $0, as: UTF8.self) } }

    var errorCode: Int32? {
        guard case .failure(let error) = self else { return nil }
        return error.code
    }
}

extension UpstreamExchange {
    func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes(write) }
}

/// A known pattern, so that lost and doubled bytes are seen.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map(PatternSource.byte) }

/// Many bytes without much computing: pieces of 64 KiB that begin with their number, so that lost,
/// doubled and exchanged ones are seen.
func numberedPiece(_ number: Int) -> [UInt8] {
    var piece = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 65_536)
    for index in 0..<8 { piece[index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
    return piece
}

func numberedPieces(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 65_536)
    for number in 0..<count { bytes += numberedPiece(number) }
    return bytes
}

/// Notes what a receiver is told.
final class NotedAnswer: UpstreamReceiver {
    private(set) var head: UpstreamHead?
    private(set) var body: [UInt8] = []
    private(set) var isFinished = false
    private(set) var error: SystemError?
    var onHead: (UpstreamExchange) -> Void = { _ in }

    var isOver: Bool { isFinished || error != nil }

    func receive(_ head: UpstreamHead, of exchange: UpstreamExchange) {
        self.head = head
        onHead(exchange)
    }

    func receive(_ bytes: UnsafeRawBufferPointer) { body.append(contentsOf: bytes) }
    func finish() { isFinished = true }
    func fail(_ error: SystemError) { self.error = error }
}
