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

    private func watchInput() {
        let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: .global())
        source.setEventHandler { [ended] in
            var buffer = [UInt8](repeating: 0, count: 512)
            if read(STDIN_FILENO, &buffer, buffer.count) <= 0 { ended.signal() }
        }
        source.resume()
        sources.append(source)
    }
}
