import Foundation
import Synchronization

/// SIGINT and SIGTERM as a flag that the run looks at; a second signal ends the process at once.
enum Interruption {
    private static let signals = Atomic<Int>(0)

    static var isRequested: Bool { signals.load(ordering: .relaxed) > 0 }

    /// From now on the signals do not end the process by themselves.
    static func watch() {
        let handler: @convention(c) (Int32) -> Void = { _ in
            // Only what is safe in a signal handler (signal-safety(7)): an atomic add and _exit.
            if Interruption.signals.add(1, ordering: .relaxed).oldValue > 0 {
                _exit(ExitCode.interrupted.rawValue)
            }
        }
        signal(SIGINT, handler)
        signal(SIGTERM, handler)
        // nohup(1) has it ignored: then the run outlives its terminal.
        if !isIgnored(SIGHUP) { signal(SIGHUP, handler) }
    }

    static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
