@testable import BenchRunner

/// A shared AWS config file, or, where the input begins with a NUL byte, the words of a shell.
enum ConfigTarget {
    static func run(_ input: [UInt8]) throws {
        let text = String(decoding: input, as: UTF8.self)
        guard input.first != 0 else {
            let words = ShellWords.split(String(text.dropFirst())) ?? []
            let quoted = words.map { word in
                word.unicodeScalars.reduce(into: "'") { text, scalar in
                    text += scalar == "'" ? #"'\''"# : String(scalar)
                } + "'"
            }
            return try expect(
                ShellWords.split(quoted.joined(separator: " ")) == words, "\(words) as \(quoted)")
        }
        let file: AWSConfigFile
        do throws(AWSConfigFile.Failure) { file = try AWSConfigFile(text) } catch {
            let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.count
            return try expect((1...lines).contains(error.line), "line \(error.line) of \(lines)")
        }
        try expect(file == (try? AWSConfigFile(text)), "read twice, it differs")
    }
}
