import Foundation

/// Waits for SIGINT, SIGTERM or the end of the standard input, whichever comes first.
final class EndOfService {
    private let ended = DispatchSemaphore(value: 0)
    private var sources: [any DispatchSourceProtocol] = []

    init(watchingInput: Bool) {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [ended] in ended.signal() }
            source.resume()
            sources.append(source)
        }
        if watchingInput { watchInput() }
    }

    func wait() { ended.wait() }

    /// By a thread, since a file or /dev/null cannot be watched by epoll and would never end.
    private func watchInput() {
        Thread.detachNewThread { [ended] in
            var buffer = [UInt8](repeating: 0, count: 512)
            while true {
                let count = read(STDIN_FILENO, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                if count <= 0 { break }
            }
            ended.signal()
        }
    }
}
