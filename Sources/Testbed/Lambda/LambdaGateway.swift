package import NetIO
import Presign

/// The gateway as a Lambda function: the same handler as behind a socket, asked by events.
package final class LambdaGateway {
    package typealias Completion = (Result<[UInt8], EventProblem>) -> Void

    private let handler: GatewayHandler
    private let bearer: BearerToken
    private let allowedOrigin: String
    /// Lambda gives an environment one event at a time.
    private var current: EventExchange?

    package init(
        _ configuration: GatewayConfiguration, loop: EventLoop, transport: any StoreTransport
    ) throws {
        handler = try GatewayHandler(configuration, loop: loop, transport: transport)
        bearer = BearerToken(configuration)
        allowedOrigin = configuration.allowedOrigin
    }

    /// - Parameter completion: gets the answer's JSON, or why the invocation failed; once, and perhaps
    ///   within this call.
    package func invoke(_ event: [UInt8], completion: @escaping Completion) {
        do throws(EventProblem) {
            let event = try Self.parse(event)
            if let authorizer = try AuthorizerEvent(event) {
                return completion(authorize(authorizer))
            }
            let proxy = try ProxyEvent(event)
            let exchange = EventExchange(body: proxy.body) { [weak self] response in
                self?.current = nil
                completion(.success(ProxyAnswer.render(response, proxy.format)))
            }
            current = exchange
            handler.handle(Exchange(request: proxy.request, channel: exchange))
        } catch {
            completion(.failure(error))
        }
    }

    /// Answers the event under way, whatever becomes of it, as API Gateway answers when an integration
    /// takes too long.
    package func timeOut() {
        current?.answer(
            GatewayAnswer.error(504, "Endpoint request timed out").readable(from: allowedOrigin))
    }

    private func authorize(_ event: AuthorizerEvent) -> Result<[UInt8], EventProblem> {
        guard let user = bearer.user(authorization: event.authorization) else {
            return .failure(AuthorizerEvent.refusal)
        }
        return .success(event.allowing(user))
    }

    private static func parse(_ event: [UInt8]) throws(EventProblem) -> JSONValue {
        do throws(JSONError) {
            return try JSONParser.parse(event)
        } catch {
            throw .malformed("the event is no JSON: \(error)")
        }
    }
}

/// A request whose body is there as a whole, and which is answered once.
private final class EventExchange: ExchangeChannel {
    private let body: [UInt8]
    private var completion: ((HTTPResponse) -> Void)?

    init(body: [UInt8], completion: @escaping (HTTPResponse) -> Void) {
        self.body = body
        self.completion = completion
    }

    func answer(_ response: HTTPResponse) {
        guard let completion else { return response.body.abandon() }
        self.completion = nil
        completion(response)
    }

    func receiveBody(of exchange: Exchange, into sink: any BodySink) {
        if !body.isEmpty { body.withUnsafeBytes(sink.receive) }
        sink.finish()
    }

    /// It is in memory already.
    func setBodyPaused(_ isPaused: Bool, of exchange: Exchange) {}

    func respond(_ response: HTTPResponse, to exchange: Exchange) { answer(response) }

    func awaitsAnswer(to exchange: Exchange) -> Bool { completion != nil }
}
