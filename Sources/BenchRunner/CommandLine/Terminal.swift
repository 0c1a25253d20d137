import Foundation

/// What a person or a log file sees.
enum Terminal {
    /// Does standard error show a terminal, so that a line may be rewritten in place?
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// May standard output carry colour? `NO_COLOR` (no-color.org) and dumb terminals say no.
    static func allowsColor(noColorFlag: Bool) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        return !noColorFlag && (environment["NO_COLOR"] ?? "").isEmpty
            && environment["TERM"] != "dumb" && isatty(STDOUT_FILENO) == 1
    }

    /// Columns of the terminal, 80 where there is none.
    static var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Columns for a table on standard output; nil where that is no terminal, but a file or a pipe.
    static var tableWidth: Int? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Int(size.ws_col)
    }

    /// A sentence, broken between words where a terminal shows it.
    static func writeSentence(_ text: String) {
        write(WordWrap.text(text, width: tableWidth))
    }

    static func write(_ line: String) {
        put(safe(line, STDOUT_FILENO) + "\n", to: STDOUT_FILENO)
    }

    static func writeError(_ line: String) {
        put(safe(line, STDERR_FILENO) + "\n", to: STDERR_FILENO)
    }

    /// A line that is meant for the CI system that reads it; what it says of others is escaped in it.
    static func writeCommand(_ line: String) {
        put(line + "\n", to: STDOUT_FILENO)
    }

    /// Replaces the line that the cursor stands on.
    static func rewriteLine(_ line: String) {
        put("\r\u{1B}[K" + safe(line, STDERR_FILENO), to: STDERR_FILENO)
    }

    private static func safe(_ text: String, _ descriptor: Int32) -> String {
        TerminalText.safe(text, keepsColor: isatty(descriptor) == 1)
    }

    private static func put(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if written < 0 && errno == EINTR { continue }
            // A reader that left is not worth ending the run for: results go to files.
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }
}
