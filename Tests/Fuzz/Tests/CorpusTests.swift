import Foundation
import Testing

/// Replays the corpus: inputs that reach different code, and whatever once broke a rule. Of one target
/// alone where UPLOADBENCH_CORPUS names it, as `coverage.py` asks for.
@Suite struct CorpusTests {
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "corpus")

    private static let targets = FuzzTarget.allCases.filter {
        [nil, $0.rawValue].contains(ProcessInfo.processInfo.environment["UPLOADBENCH_CORPUS"])
    }

    @Test(arguments: targets)
    func `no input of the corpus breaks a rule of its target`(_ target: FuzzTarget) throws {
        let folder = Self.corpus.appending(path: target.rawValue)
        let files = try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty, "there is a corpus")
        for file in files {
            let input = [UInt8](try Data(contentsOf: file))
            #expect(throws: Never.self, "\(target.rawValue)/\(file.lastPathComponent)") {
                try target.run(input)
            }
        }
    }

    @Test func `a target says so when a rule is broken`() {
        #expect(throws: FuzzFinding.self) { try expect(1 + 1 == 3, "sums") }
    }
}
