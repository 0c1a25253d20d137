import CLinux
import Foundation

/// Waits for SIGINT, SIGTERM, SIGHUP or the end of the standard input, whichever comes first.
///
/// To be made before any other thread is: the signals are blocked from then on in all threads that
/// follow, and kept by the kernel until they are read, so none that comes early is lost.
final class EndOfService {
    private let signals: Int32
    private let watchesInput: Bool
    private let answer: (String) -> Void
    private var input: [UInt8] = []
    private static let lineLimitBytes = 4096

    /// - Parameter answer: gets each line of the input.
    init(watchingInput: Bool, answer: @escaping (String) -> Void = { _ in }) {
        watchesInput = watchingInput
        self.answer = answer
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGINT)
        sigaddset(&mask, SIGTERM)
        // nohup(1) has it ignored. Once blocked, it would no longer be.
        if !Interruption.isIgnored(SIGHUP) { sigaddset(&mask, SIGHUP) }
        pthread_sigmask(SIG_BLOCK, &mask, nil)
        signals = signalfd(-1, &mask, clinux_SFD_CLOEXEC)
    }

    deinit { close(signals) }

    func wait() {
        var watched = [
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            // poll(2) passes over a negative descriptor.
            pollfd(fd: watchesInput ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let count = poll(&watched, 2, -1)
            if count < 0, errno == EINTR { continue }
            if watched[0].revents != 0 || count < 0 { return }
            if watched[1].revents != 0, !hasMoreInput() { return }
        }
    }

    /// Reads what is there; false at its end.
    private func hasMoreInput() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = read(STDIN_FILENO, &buffer, buffer.count)
        guard count > 0 else { return false }
        input += buffer.prefix(count)
        while let end = input.firstIndex(of: UInt8(ascii: "\n")) {
            answer(String(decoding: input[..<end], as: UTF8.self))
            input.removeSubrange(...end)
        }
        if input.count > Self.lineLimitBytes { input = [] }
        return true
    }
}
