import CLinux
import Foundation

/// Runs another program that gets SIGTERM when this process ends, however that happens.
///
/// posix_spawn(3) has no way to ask for it, so this program stands in between: it asks and then becomes the
/// other (PR_SET_PDEATHSIG stays through execve(2)). Not a command of users.
enum Tether {
    static let word = "--tethered-to"

    /// - Parameter words: the program's path, and its arguments.
    static func words(_ words: [String]) -> [String] {
        [ChildProgram.ownPath, word, "\(getpid())"] + words
    }

    /// Does not return where it succeeds.
    static func run(_ words: [String]) -> ExitCode {
        guard words.count >= 2, let parent = pid_t(words[0]) else { return .usage }
        clinux_end_with_parent(SIGTERM)
        // It may have ended before it could be asked for.
        guard getppid() == parent else { return .interrupted }
        // As it was given, for what does not know of it.
        signal(SIGPIPE, SIG_DFL)
        signal(SIGXFSZ, SIG_DFL)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.dropFirst().map { strdup($0) } + [nil]
        execv(words[1], &arguments)
        Terminal.writeError("cannot be started: \(String(cString: strerror(errno)))")
        return .failure
    }
}
