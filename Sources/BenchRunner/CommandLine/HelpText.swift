/// The texts of `uploadbench help`.
enum HelpText {
    static func overview(_ commands: [Command], version: String) -> String {
        let width = commands.map(\.name.count).max() ?? 0
        let list = commands.map { "  \(padded($0.name, to: width))  \($0.summary)" }
        return """
            uploadbench \(version): how should files get from clients into S3? Measured.

            usage: uploadbench COMMAND [FLAGS]

            \(list.joined(separator: "\n"))

            'uploadbench help COMMAND' shows its flags. 'uploadbench run' needs none: it starts its own
            S3-like endpoint on the loopback interface and compares the upload strategies against it.
            """
    }

    static func text(for command: Command) -> String {
        var lines = ["\(command.summary)", ""]
        lines += command.usage.enumerated().map { index, usage in
            (index == 0 ? "usage: " : "       ") + "uploadbench \(usage)"
        }
        if !command.flags.isEmpty {
            let titles = command.flags.map(title)
            let width = min(titles.map(\.count).max() ?? 0, 28)
            lines += [""]
            for (flag, title) in zip(command.flags, titles) {
                lines.append("  \(padded(title, to: width))  \(flag.help)")
            }
        }
        if !command.details.isEmpty {
            lines += ["", command.details]
        }
        return lines.joined(separator: "\n")
    }

    private static func title(_ flag: Flag) -> String {
        let short = flag.short.map { "-\($0), " } ?? "    "
        return short + "--" + flag.name + (flag.valueName.map { " " + $0 } ?? "")
    }
}

/// `text` with spaces after it up to `width` characters.
func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}
