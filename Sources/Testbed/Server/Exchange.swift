/// Yields the bytes of an answer as the connection takes them.
package protocol BodySource: AnyObject {
    /// Fills the buffer and returns the number of bytes; 0 at the end; negative when it failed,
    /// upon which the connection is cut, since the length was already promised.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int
    /// Nothing can be read yet; `read` is not called before `isDry` ends.
    var isDry: Bool { get }
    /// - Parameter wake: to be called when a source is dry no more: there is something to read, or
    ///   it has failed.
    func onRefill(_ wake: @escaping () -> Void)
    /// Nobody will read what is left.
    func abandon()
}

/// Of sources that have their bytes at hand.
extension BodySource {
    package var isDry: Bool { false }
    package func onRefill(_ wake: @escaping () -> Void) {}
    package func abandon() {}
}

/// Takes the bytes of a request as they arrive.
package protocol BodySink: AnyObject {
    /// The bytes are only valid during the call.
    func receive(_ bytes: UnsafeRawBufferPointer)
    func finish()
    /// The client left, stalled, or framed the body wrongly: nothing more will come. An answer
    /// given right here still goes out, as the client may have ended its half only.
    func abort()
    /// The role has answered before the body's end: what is left of it is not told.
    func abandon()
}

extension BodySink {
    package func abandon() {}
}

/// Answers requests, always on the thread of its role's loop.
package protocol RequestHandler: AnyObject {
    func handle(_ exchange: Exchange)
    /// How this role words what the server itself refuses: a head, or a body on its way.
    func refusal(for problem: RequestProblem) -> HTTPResponse
}

extension RequestHandler {
    /// In plain text.
    package func refusal(for problem: RequestProblem) -> HTTPResponse {
        HTTPResponse(
            status: problem.status, headers: [("Content-Type", "text/plain")],
            body: .bytes(Array((problem.message + "\n").utf8)))
    }
}

/// What an exchange asks of the connection that carries it.
package protocol ExchangeChannel: AnyObject {
    func receiveBody(of exchange: Exchange, into sink: any BodySink)
    func setBodyPaused(_ isPaused: Bool, of exchange: Exchange)
    func respond(_ response: HTTPResponse, to exchange: Exchange)
    /// False once an answer would be dropped: the client has gone, or has one.
    func awaitsAnswer(to exchange: Exchange) -> Bool
    /// Ends the connection instead of answering whole.
    func breakOff(_ point: BreakPoint, of response: HTTPResponse?, to exchange: Exchange)
}

extension ExchangeChannel {
    /// Of channels that have no connection to break.
    package func breakOff(_ point: BreakPoint, of response: HTTPResponse?, to exchange: Exchange) {
        if let response { respond(response, to: exchange) }
    }
}

/// One request and the way to answer it. It may be answered later, from the same thread; answers
/// to a connection that is gone are dropped.
package final class Exchange {
    package let request: HTTPRequest
    private weak var channel: (any ExchangeChannel)?
    /// Lives as long as this does.
    var keeps: AnyObject?
    /// What was made to go wrong with it, for the log.
    var faults: String?

    package init(request: HTTPRequest, channel: any ExchangeChannel) {
        self.request = request
        self.channel = channel
    }

    /// Starts the body towards `sink`, and sends `100 Continue` if the client waits for it. A
    /// request without a body finishes the sink at once.
    package func receiveBody(into sink: any BodySink) {
        channel?.receiveBody(of: self, into: sink)
    }

    /// Will an answer still go anywhere? A client that only ended its half still waits (RFC 9112 §9.6).
    var isAwaited: Bool { channel?.awaitsAnswer(to: self) ?? false }

    package func pauseBody() { channel?.setBodyPaused(true, of: self) }
    package func resumeBody() { channel?.setBodyPaused(false, of: self) }

    /// Answers, once. Before the end of the body the rest of it is drained up to a limit;
    /// beyond that the connection closes after the answer.
    package func respond(_ response: HTTPResponse) {
        guard let channel else { return response.body.abandon() }
        channel.respond(response, to: self)
    }

    /// In place of an answer.
    ///
    /// - Parameter response: what the answer would have been; nil if the request was not looked at.
    func breakOff(_ point: BreakPoint, of response: HTTPResponse?) {
        channel?.breakOff(point, of: response, to: self)
    }
}
