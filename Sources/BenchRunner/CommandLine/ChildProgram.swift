import Foundation
import NetIO

/// Starts other programs where Foundation's `Process` does not fit: it holds a program for running as long
/// as any child that the program left behind.
enum ChildProgram {
    /// Above the numbers that the child is to have, so that none is overwritten while it is set up.
    static func pipe() throws(SystemError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw SystemError(operation: "pipe") }
        let moved = ends.map { end in
            let high = fcntl(end, F_DUPFD_CLOEXEC, 16)
            close(end)
            return high
        }
        guard moved.allSatisfy({ $0 >= 0 }) else { throw SystemError(operation: "fcntl") }
        return (moved[0], moved[1])
    }

    /// In a group of its own: a terminal's Ctrl-C is for this process, which then ends the child in order.
    ///
    /// - Parameters:
    ///   - words: the program's path, and its arguments.
    ///   - descriptors: by the numbers that they have in the child; the first three are /dev/null else.
    static func spawn(
        _ words: [String], _ environment: [String: String], descriptors: [Int32: Int32]
    ) throws(SystemError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in 0...2 where descriptors[descriptor] == nil {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        for (number, own) in descriptors {
            posix_spawn_file_actions_adddup2(&actions, own, number)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] =
            environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (arguments + settings).forEach { free($0) } }
        var identifier = pid_t()
        let code = posix_spawn(
            &identifier, words[0], &actions, &attributes, &arguments, &settings)
        guard code == 0 else { throw SystemError(operation: "posix_spawn", code: code) }
        return identifier
    }
}
