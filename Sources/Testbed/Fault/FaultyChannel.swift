import NetIO

/// What a struck request's role takes for its connection: slows the body down and spoils the answer
/// on their ways.
final class FaultyChannel: ExchangeChannel {
    /// What the role is given.
    private(set) lazy var inner = Exchange(request: request, channel: self)
    private let request: HTTPRequest
    private let strike: Strike
    private let loop: EventLoop
    /// Gone when the connection is; until then it has to keep this.
    private weak var outer: Exchange?
    private var isHeldByRole = false
    private var isHeldBySlowness = false

    init(_ outer: Exchange, _ strike: Strike, _ loop: EventLoop) {
        self.outer = outer
        request = outer.request
        self.strike = strike
        self.loop = loop
    }

    func receiveBody(of exchange: Exchange, into sink: any BodySink) {
        guard let outer else { return sink.abort() }
        guard let rate = strike.bytesPerSecond else { return outer.receiveBody(into: sink) }
        outer.receiveBody(
            into: SlowSink(sink, bytesPerSecond: rate, loop) { [weak self] isHeld in
                self?.isHeldBySlowness = isHeld
                self?.hold()
            })
    }

    func setBodyPaused(_ isPaused: Bool, of exchange: Exchange) {
        isHeldByRole = isPaused
        hold()
    }

    private func hold() {
        if isHeldByRole || isHeldBySlowness { outer?.pauseBody() } else { outer?.resumeBody() }
    }

    func respond(_ response: HTTPResponse, to exchange: Exchange) {
        let response = strike.corruptsETag ? OtherETag.put(into: response) : response
        guard strike.answerStallNs > 0 else { return answer(response) }
        loop.schedule(afterNs: strike.answerStallNs) { [self] in answer(response) }
    }

    private func answer(_ response: HTTPResponse) {
        guard let outer else { return response.body.abandon() }
        guard let point = strike.breakPoint else { return outer.respond(response) }
        outer.breakOff(point, of: response)
    }

    func awaitsAnswer(to exchange: Exchange) -> Bool { outer?.isAwaited ?? false }

    func breakOff(_ point: BreakPoint, of response: HTTPResponse?, to exchange: Exchange) {
        outer?.breakOff(point, of: response)
    }
}

/// Takes a body in no faster than at a rate.
private final class SlowSink: BodySink {
    private let sink: any BodySink
    private let bytesPerSecond: Int64
    private let loop: EventLoop
    private let hold: (Bool) -> Void
    private let startNs: Int64
    private var bytes: Int64 = 0

    init(
        _ sink: any BodySink, bytesPerSecond: Int64, _ loop: EventLoop,
        hold: @escaping (Bool) -> Void
    ) {
        self.sink = sink
        self.bytesPerSecond = bytesPerSecond
        self.loop = loop
        self.hold = hold
        startNs = loop.nowNs
    }

    /// When all that has come may have come.
    private var dueNs: Int64 {
        startNs + Int64(Double(bytes) / Double(bytesPerSecond) * 1e9)
    }

    func receive(_ received: UnsafeRawBufferPointer) {
        bytes += Int64(received.count)
        sink.receive(received)
        guard dueNs > loop.nowNs else { return }
        hold(true)
        loop.schedule(atNs: dueNs) { [hold] in hold(false) }
    }

    func finish() {
        guard dueNs > loop.nowNs else { return sink.finish() }
        loop.schedule(atNs: dueNs) { [sink] in sink.finish() }
    }

    func abort() { sink.abort() }
    func abandon() { sink.abandon() }
}

/// Names another content than the one that was stored, in header and document alike.
enum OtherETag {
    private static let digits = 32

    static func put(into response: HTTPResponse) -> HTTPResponse {
        var response = response
        for index in response.headers.indices
        where response.headers[index].name.equalsIgnoringCase("ETag") {
            var value = Array(response.headers[index].value.utf8)
            change(in: &value, from: 0)
            response.headers[index].value = String(decoding: value, as: UTF8.self)
        }
        guard case .bytes(var document) = response.body else { return response }
        let start = document.firstRange(of: Array("<ETag>".utf8))
        if let start { change(in: &document, from: start.upperBound) }
        response.body = .bytes(document)
        return response
    }

    /// Every digit of the first MD5 becomes another.
    private static func change(in bytes: inout [UInt8], from start: Int) {
        let hex = Array("0123456789abcdef".utf8)
        var run = start..<start
        while run.count < digits, run.upperBound < bytes.count {
            let next = run.upperBound + 1
            run = hex.contains(bytes[next - 1]) ? run.lowerBound..<next : next..<next
        }
        guard run.count == digits else { return }
        for index in run {
            let digit = hex.firstIndex(of: bytes[index]) ?? 0
            bytes[index] = hex[digit ^ 0xF]
        }
    }
}
