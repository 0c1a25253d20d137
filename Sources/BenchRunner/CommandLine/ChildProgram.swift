import Foundation
import NetIO

/// Another program that this one started, waits for and may end. To be used from one thread.
///
/// Foundation's `Process` does not fit: it holds a program for running as long as any child that the program
/// left behind, it never returns from waiting when descriptors have run out, and a signal to one that has
/// ended may reach another of the same number.
final class ChildProgram {
    /// How it ended.
    enum End: Equatable {
        case exited(Int32)
        case killed(signal: Int32)

        /// As a shell tells it: the exit code, or 128 and the signal.
        var code: Int32 {
            switch self {
            case .exited(let code): code
            case .killed(let signal): 128 + signal
            }
        }

        /// - Parameter status: of waitpid(2).
        init(status: Int32) {
            let signal = status & 0x7F
            self = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
        }
    }

    /// Where the program that runs here is.
    static var ownPath: String {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
    }

    let identifier: pid_t
    private var known: End?
    private static let lookIntervalMs: Int32 = 5

    /// In a group of its own: a terminal's Ctrl-C is for this process, which then ends the child in order.
    ///
    /// - Parameters:
    ///   - words: the program's path, and its arguments.
    ///   - descriptors: by the numbers that they have in the child; the first three are /dev/null else.
    init(
        _ words: [String], _ environment: [String: String], descriptors: [Int32: Int32]
    ) throws(SystemError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in 0...2 where descriptors[descriptor] == nil {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        for (number, own) in descriptors {
            posix_spawn_file_actions_adddup2(&actions, own, number)
        }
        var attributes = Self.attributes()
        defer { posix_spawnattr_destroy(&attributes) }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] =
            environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (arguments + settings).forEach { free($0) } }
        var identifier = pid_t()
        let code = posix_spawn(
            &identifier, words[0], &actions, &attributes, &arguments, &settings)
        guard code == 0 else { throw SystemError(operation: "posix_spawn", code: code) }
        self.identifier = identifier
    }

    /// These signals are ignored here, which a program that knows nothing of it would inherit.
    private static func attributes() -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        sigaddset(&signals, SIGXFSZ)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        return attributes
    }

    /// Nil while it runs; one that it has left behind does not count.
    func end() -> End? {
        if known == nil { look(WNOHANG) }
        return known
    }

    var isRunning: Bool { end() == nil }

    /// Waits for its end, however long that takes.
    @discardableResult func wait() -> End {
        while true {
            if let known { return known }
            look(0)
        }
    }

    /// - Returns: has it ended within the time? False too when it is not to be waited for any more.
    func hasEnded(within limit: Duration, while isWorthWaiting: () -> Bool = { true }) -> Bool {
        let deadline = ContinuousClock.now + limit
        while isRunning {
            guard isWorthWaiting(), ContinuousClock.now < deadline else { return false }
            poll(nil, 0, Self.lookIntervalMs)
        }
        return true
    }

    /// Nothing when it has ended: its number may be another's by then.
    func send(_ signal: Int32) {
        if isRunning { kill(identifier, signal) }
    }

    /// Ends it at once, with what it started in its group, and waits for it.
    func killGroup() {
        guard isRunning else { return }
        kill(-identifier, SIGKILL)
        wait()
    }

    /// Ends what it has left behind in its group, whose number is nobody else's while one of it is there.
    func killRest() { kill(-identifier, SIGKILL) }

    private func look(_ options: Int32) {
        var status: Int32 = 0
        switch waitpid(identifier, &status, options) {
        case identifier: known = End(status: status)
        // Somebody else has waited for it; nothing can be known of how it ended.
        case -1 where errno == ECHILD: known = .exited(-1)
        default: break
        }
    }

    /// Above the numbers that the child is to have, so that none is overwritten while it is set up.
    static func pipe() throws(SystemError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw SystemError(operation: "pipe") }
        let moved = ends.map { end in
            let high = fcntl(end, F_DUPFD_CLOEXEC, 16)
            let code = errno
            close(end)
            errno = code
            return high
        }
        guard moved.allSatisfy({ $0 >= 0 }) else {
            let error = SystemError(operation: "fcntl")
            moved.filter { $0 >= 0 }.forEach { close($0) }
            throw error
        }
        return (moved[0], moved[1])
    }
}
