import Foundation

/// A file in memory, for readers that want a path.
enum ScratchFile {
    private static let folder: String = {
        let root = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : "/tmp"
        let path = "\(root)/uploadbench-fuzz-\(getpid())"
        try? FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        atexit { try? FileManager.default.removeItem(atPath: ScratchFile.folder) }
        return path
    }()

    static func with<Result>(
        _ contents: [String: ArraySlice<UInt8>], _ body: (_ folder: String) throws -> Result
    ) rethrows -> Result {
        for (name, bytes) in contents { write(bytes, "\(folder)/\(name)") }
        defer { for name in contents.keys { unlink("\(folder)/\(name)") } }
        return try body(folder)
    }

    private static func write(_ bytes: ArraySlice<UInt8>, _ path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        bytes.withUnsafeBytes { bytes in
            _ = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        }
    }
}
