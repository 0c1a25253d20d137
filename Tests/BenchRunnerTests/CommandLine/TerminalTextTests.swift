import Foundation
import Testing

@testable import BenchRunner

/// What servers and files of others say, as it goes to a terminal or into the log of a CI system.
@Suite struct TerminalTextTests {
    @Test(arguments: [
        ("\u{1B}[2J", "\\u001b[2J"), ("\u{1B}]0;title\u{7}", "\\u001b]0;title\\u0007"),
        ("over\rwritten", "over\\u000dwritten"), ("\u{9B}31m", "\\u009b31m"),
        ("a\u{8}b", "a\\u0008b"),
        ("\u{7F}\u{0}", "\\u007f\\u0000"), ("\u{202E}txt.exe", "\\u202etxt.exe"),
        ("a\u{2028}b", "a\\u2028b"), ("\r\n", "\\u000d\n"),
    ])
    func `controls are shown, not obeyed`(_ text: String, _ shown: String) {
        #expect(TerminalText.safe(text, keepsColor: false) == shown)
        #expect(TerminalText.safe(text, keepsColor: true) == shown)
    }

    @Test(arguments: [
        "::error::x", "  ::set-output name=a::b", "a\n::add-mask::b", "\u{3000}::warning::x",
        "::::", "ok\n\t::group::x", "##[error]x", "a ##[command]b", "###[error]x",
    ])
    func `no line of somebody else's is a command to a CI system`(_ text: String) {
        let safe = TerminalText.safe(text, keepsColor: false)
        let lines = safe.split(separator: "\n").map { $0.drop(while: \.isWhitespace) }
        #expect(!lines.contains { $0.hasPrefix("::") })
        #expect(!safe.contains("##["))
    }

    @Test func `all other text stays as it is`() {
        for text in ["Größe → 大きさ 👍🏽\n\ta::b # [c] #[d]", "std::chrono", ""] {
            #expect(TerminalText.safe(text, keepsColor: false) == text)
        }
    }

    @Test func `own colours reach a terminal and no file`() {
        let text = "\u{1B}[1;32mbest\u{1B}[0m"
        #expect(TerminalText.safe(text, keepsColor: true) == text)
        #expect(TerminalText.safe(text, keepsColor: false) == "\\u001b[1;32mbest\\u001b[0m")
        #expect(TerminalText.safe("\u{1B}[1", keepsColor: true) == "\\u001b[1")
        #expect(TerminalText.safe("\u{1B}[5A", keepsColor: true) == "\\u001b[5A")
    }

    @Test func `what is replaced in JSON still says the same`() throws {
        let hostile = "a\u{85}\u{7F}\u{202E}::b"
        let json = TerminalText.safe(JSONText.render(["key": hostile]), keepsColor: false)
        #expect(!json.unicodeScalars.contains("\u{85}"))
        let read = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: String]
        #expect(read == ["key": hostile])
    }
}

@Suite struct MarkdownTextTests {
    @Test(arguments: [
        "<img src=x onerror=alert(1)>", "| a | b |", "[x](javascript:alert(1))", "@everyone",
        "`code`",
        "a\n# Title", "a\r\n- b", "**bold** ~~no~~", "\u{1B}[31m",
    ])
    func `names from files are no markup`(_ text: String) {
        let escaped = GateMarkdown.escaped(text)
        #expect(!escaped.contains("<") && !escaped.contains("@") && !escaped.contains("\n"))
        #expect(!escaped.unicodeScalars.contains { $0.value < 0x20 })
        for mark in "|[]`*~" {
            let bare = escaped.replacing("\\\(mark)", with: "")
            #expect(!bare.contains(mark), "\(escaped)")
        }
    }
}
