import CLinux
import Glibc
import Measure
import NetIO
import Presign
import Testbed
import Transfer

/// Takes one event after the other from the Runtime API and answers it with the gateway.
final class LambdaRuntime {
    private let loop: EventLoop
    private let engine: TransferEngine
    private let api: RuntimeAPI
    private var transport: EngineTransport?
    private var gateway: LambdaGateway?
    private var requestID = ""
    private var ending: CommandError?

    /// Kept back of an invocation's time, for the answer's way: this much, or a fifth of a short time.
    private static let reserveMs: Int64 = 1_000

    init(api origin: Origin) throws {
        loop = try EventLoop()
        var configuration = TransferConfiguration()
        // AWS Lambda, "Quotas": events of 6 MB, and 1 MB more than that.
        configuration.answerBodyLimitBytes = 7 << 20
        configuration.reuseWithinNs = .max
        // The API is beside this process, whatever proxy the way out needs.
        configuration.proxy = ""
        engine = try TransferEngine(loop: loop, configuration: configuration)
        api = RuntimeAPI(engine, origin: origin)
    }

    /// Returns only with what ended it.
    func run(_ environment: [String: String]) -> CommandError? {
        do {
            try prepare(LambdaSettings(environment))
        } catch {
            failToStart((error as? LambdaSettings.Problem)?.message ?? "\(error)")
            loop.run()
            return ending
        }
        next()
        loop.run()
        return ending
    }

    private func prepare(_ settings: LambdaSettings) throws {
        guard let endpoint = settings.gateway.remote?.endpoint,
            let origin = Origin(url: "\(endpoint.scheme)://\(endpoint.host)")
        else { throw LambdaSettings.Problem(message: "the store has no address") }
        var configuration = TransferConfiguration()
        configuration.connectTimeoutNs = 5_000_000_000
        configuration.authoritiesPath = settings.authoritiesPath
        let transport = EngineTransport(
            try TransferEngine(loop: loop, configuration: configuration), origin: origin
        ) { [unowned self] in log($0) }
        gateway = try LambdaGateway(settings.gateway, loop: loop, transport: transport)
        self.transport = transport
    }

    private func log(_ text: String) {
        Terminal.writeError("\(requestID) \(text)")
    }

    // MARK: Invocations

    private func next() {
        api.next { [self] result in
            switch result {
            case .failure(let failed): end("the Runtime API: \(failed.failure.message)")
            case .success(let answer):
                guard let invocation = Invocation(answer) else {
                    return end("the Runtime API answered \(answer.status) instead of an event")
                }
                work(on: invocation)
            }
        }
    }

    private func work(on invocation: Invocation) {
        requestID = invocation.requestID
        transport?.traceID = invocation.traceID
        // The documents of the Runtime API ask for it, for whatever reads it in this process.
        setenv("_X_AMZN_TRACE_ID", invocation.traceID ?? "", 1)
        let timer = loop.schedule(afterNs: Self.timeLeftNs(invocation)) { [self] in
            log("the deadline is near: answered 504")
            gateway?.timeOut()
            transport?.cancel()
        }
        gateway?.invoke(invocation.event) { [self] result in
            loop.cancel(timer)
            tell(result)
        }
    }

    /// Until the invocation has to be answered.
    private static func timeLeftNs(_ invocation: Invocation) -> Int64 {
        guard let deadlineMs = invocation.deadlineMs else { return .max >> 1 }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let nowMs = Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
        let leftMs = min(max(0, deadlineMs - nowMs), 86_400_000)
        return (leftMs - min(reserveMs, leftMs / 5)) * 1_000_000
    }

    private func tell(_ result: Result<[UInt8], EventProblem>) {
        switch result {
        case .success(let answer): api.respond(to: requestID, answer, told)
        case .failure(let problem):
            if problem.message != "Unauthorized" { log("\(problem.type): \(problem.message)") }
            api.fail(requestID, type: problem.type, message: problem.message, told)
        }
    }

    /// Goes on also after an answer that came too late or was too large: the next event is another's.
    private func told(_ result: Result<Answer, FailedTransfer>) {
        switch result {
        case .failure(let failed): end("the Runtime API: \(failed.failure.message)")
        case .success(let answer) where answer.status >= 500:
            // Documented as not recoverable: the runtime must end.
            end("the Runtime API answered \(answer.status)")
        case .success(let answer):
            if answer.status >= 300 { log("the Runtime API answered \(answer.status)") }
            next()
        }
    }

    // MARK: Ends

    private func failToStart(_ message: String) {
        let error = CommandError(exitCode: .failure, message: "lambda: \(message)")
        api.failToStart(type: "Uploadbench.InvalidConfiguration", message: message) { [self] _ in
            ending = error
            loop.stop()
        }
    }

    private func end(_ message: String) {
        ending = CommandError(exitCode: .targetUnavailable, message: "lambda: \(message)")
        loop.stop()
    }
}
