import Foundation
import Testing

@testable import Testbed

/// `--store dir:`: bytes in files, whatever their keys are called.
@Suite struct DirectoryStoreTests {
    private static let hostile = [
        "../../escaped", "/etc/passwd", "..", ".", "a/../../b", "a\0b", "%2e%2e%2fx", "\u{1B}[2J",
        String(repeating: "x", count: 1024), "con/nul", "a\nb", "~/x", "-rf",
    ]

    private func inFolder(_ mode: mode_t = 0o700, _ test: (String) throws -> Void) throws {
        let outer = NSTemporaryDirectory() + "/store-" + UUID().uuidString
        let folder = outer + "/inner/store"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: outer) }
        chmod(folder, mode)
        try test(folder)
    }

    private func files(below folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder)
    }

    private func write(_ bytes: [UInt8], _ key: String, _ storage: ByteStorage) throws
        -> any StoredBytes
    {
        let writer = try storage.makeWriter(
            bucket: "..", key: ObjectKey(Array(key.utf8)), expectedBytes: nil)
        try bytes.withUnsafeBytes { try writer.append($0) }
        return try writer.finish()
    }

    @Test(arguments: hostile) func `no key becomes a path`(_ key: String) throws {
        try inFolder { folder in
            let storage = try ByteStorage(.directory(path: folder))
            let stored = try write([1, 2, 3], key, storage)
            let outer = URL(fileURLWithPath: folder).deletingLastPathComponent()
                .deletingLastPathComponent().path
            let found = try files(below: outer)
            #expect(found.count == 3, "the two folders and one file: \(found)")
            let name = try #require(try files(below: folder).first)
            #expect(name.allSatisfy { $0.isASCII && ($0.isHexDigit || $0 == "-") })
            #expect(stored.count == 3)
        }
    }

    @Test func `a file is its owner's alone from its first byte, whatever the umask is`() throws {
        try inFolder { folder in
            let storage = try ByteStorage(.directory(path: folder))
            let stored = try write([1], "k", storage)
            let path = folder + "/" + (try files(below: folder)[0])
            var facts = stat()
            #expect(stat(path, &facts) == 0)
            #expect(facts.st_mode & 0o077 == 0)
            #expect(stored.count == 1)
        }
    }

    @Test func `what was there before stays, and is not read`() throws {
        try inFolder { folder in
            try Data("before".utf8).write(to: URL(fileURLWithPath: folder + "/older"))
            symlink("/etc/passwd", folder + "/link")
            let storage = try ByteStorage(.directory(path: folder))
            var stored: (any StoredBytes)? = try write([7], "older", storage)
            #expect(try files(below: folder).count == 3)
            #expect(stored?.count == 1)
            stored = nil
            #expect(try files(below: folder).sorted() == ["link", "older"])
        }
    }

    @Test func `a link that takes a file's place is not followed`() throws {
        try inFolder { folder in
            let storage = try ByteStorage(.directory(path: folder))
            let stored = try write([1, 2, 3], "k", storage)
            let path = folder + "/" + (try files(below: folder)[0])
            unlink(path)
            symlink("/etc/passwd", path)
            var buffer = [UInt8](repeating: 0, count: 3)
            #expect(buffer.withUnsafeMutableBytes { stored.read(at: 0, into: $0) } < 0)
            #expect(buffer == [0, 0, 0])
        }
    }

    private static let replacements: [(String, @Sendable (String) -> Void)] = [
        ("nothing", { _ in }), ("a link", { symlink("/etc/passwd", $0) }),
        ("a pipe", { mkfifo($0, 0o600) }), ("a folder", { mkdir($0, 0o700) }),
        ("less", { try? Data([1]).write(to: URL(fileURLWithPath: $0)) }),
        ("more", { try? Data(count: 4).write(to: URL(fileURLWithPath: $0)) }),
    ]

    /// The opening of a pipe without a writer would not come back.
    @Test(.timeLimit(.minutes(1)), arguments: replacements)
    func `what takes a file's place is told before an answer begins`(
        _ name: String, _ replace: @Sendable (String) -> Void
    ) throws {
        try inFolder { folder in
            let client = try StoreClient { $0.mode = .directory(path: folder) }
            client.put("/uploads/k", [1, 2, 3])
            let path = folder + "/" + (try files(below: folder)[0])
            unlink(path)
            replace(path)
            let answer = client.signed("GET", "/uploads/k")
            #expect(answer.status == 500, "\(name)")
            #expect(answer.element("Code") == "InternalError")
        }
    }

    @Test func `what takes the folder's place is not written into`() throws {
        try inFolder { folder in
            let storage = try ByteStorage(.directory(path: folder))
            let elsewhere = folder + "-elsewhere"
            mkdir(elsewhere, 0o700)
            rmdir(folder)
            symlink(elsewhere, folder)
            #expect(throws: S3Failure.self) { try write([1], "k", storage) }
            #expect(try files(below: elsewhere).isEmpty)
        }
    }

    @Test func `a file is no folder`() throws {
        try inFolder { folder in
            let file = folder + "/file"
            try Data().write(to: URL(fileURLWithPath: file))
            #expect(throws: S3Failure.self) { try ByteStorage(.directory(path: file)) }
        }
    }

    @Test(arguments: [(mode_t(0o777), false), (0o1777, true), (0o700, true), (0o775, true)])
    func `a folder that anybody may change is refused, unless it is sticky`(
        _ mode: mode_t, _ isTaken: Bool
    ) throws {
        try inFolder(mode) { folder in
            if isTaken {
                _ = try ByteStorage(.directory(path: folder))
            } else {
                #expect(throws: S3Failure.self) {
                    try ByteStorage(.directory(path: folder))
                }
            }
        }
    }
}
