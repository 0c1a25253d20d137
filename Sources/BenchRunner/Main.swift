import Foundation

/// The commands, in the order in which help lists them.
let commands: [Command] = [.run, .sign, .presign, .serve]

@main
enum Uploadbench {
    static let version = "0.1.0"

    static func main() {
        // A closed pipe or socket is an error code where it happens, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let words = Array(CommandLine.arguments.dropFirst())
        exit(CommandDispatch(commands: commands, version: version).run(words).rawValue)
    }
}
