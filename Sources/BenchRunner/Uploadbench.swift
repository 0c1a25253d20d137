import Foundation

/// The commands, in the order in which help lists them.
let commands: [Command] = [
    .run, .compare, .capacity, .report, .cost, .recommend, .merge, .doctor, .guardRails, .clean,
    .sign, .presign, .serve, .lambda, .export,
]

@main
enum Uploadbench {
    static let version = "0.1.0"

    static func main() {
        // A closed pipe or socket is an error code where it happens, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // So is a file that may not grow any more (RLIMIT_FSIZE).
        signal(SIGXFSZ, SIG_IGN)
        openStandardDescriptors()
        let words = Array(CommandLine.arguments.dropFirst())
        if words.first == Tether.word { exit(Tether.run(Array(words.dropFirst())).rawValue) }
        exit(CommandDispatch(commands: commands, version: version).run(words).rawValue)
    }

    /// A closed descriptor of the first three would be given to the next socket, and output would
    /// go there.
    private static func openStandardDescriptors() {
        while true {
            let descriptor = open("/dev/null", O_RDWR)
            guard descriptor >= 0, descriptor <= STDERR_FILENO else {
                if descriptor >= 0 { close(descriptor) }
                return
            }
        }
    }
}
