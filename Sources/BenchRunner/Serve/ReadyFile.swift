import Foundation
import Presign
import Testbed

/// What `--ready-file` gets: the way in, for its owner only.
struct ReadyFile {
    private let object: [String: Any]

    init(_ testbed: Testbed, _ configuration: TestbedConfiguration, authority: String?) {
        let credentials = configuration.store.credentials.first
        object = [
            "store": testbed.storeURL, "gateway": testbed.gatewayURL,
            "edge": testbed.edgeURL, "accelerate": testbed.accelerateURL,
            "ca_file": authority ?? NSNull() as Any,
            "bucket": configuration.store.bucket, "region": configuration.store.region,
            "access_key": credentials?.accessKey ?? "", "secret_key": credentials?.secretKey ?? "",
            "emulated": EmulationRecord.object(configuration),
            "token": configuration.token ?? NSNull() as Any, "pid": Int(getpid()),
        ]
    }

    /// The folder only if there is nothing else in it.
    static func removeWithFolder(_ path: String) {
        unlink(path)
        rmdir(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }

    func write(to path: String) throws(CommandError) {
        try PrivateFile.write(Array((JSONText.render(object) + "\n").utf8), to: path)
    }
}

extension ReadyFile {
    private static let headBytes = 4096

    /// - Throws: a usage error where the file, its log or its authority would take the place of something
    ///   else.
    static func check(_ settings: Settings) throws(CommandError) {
        if let path = try settings.path("log"), OutputFile.isOfResults(path) {
            throw .usage("--log: '\(path)' is a file of results; choose another name")
        }
        guard let path = try settings.path("ready-file") else { return }
        try check(path, holds: "\"access_key\"")
        try check(path + ".ca.pem", holds: "-----BEGIN CERTIFICATE-----")
    }

    private static func check(_ path: String, holds mark: String) throws(CommandError) {
        var facts = stat()
        // A link is replaced, and never followed.
        guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT != S_IFLNK else { return }
        let isFile = facts.st_mode & S_IFMT == S_IFREG
        guard isFile, facts.st_size > 0 || !OutputFile.isOfResults(path) else {
            throw .usage("--ready-file: '\(path)' is there and is no file; choose another name")
        }
        let file = try? RecordedFile(path)
        let head = file.flatMap { try? InputFile.block($0.descriptor, bytes: headBytes) } ?? []
        guard head.isEmpty || head.firstRange(of: Array(mark.utf8)) != nil else {
            throw .usage(
                "--ready-file: '\(path)' is there and is no ready file; choose another name")
        }
    }
}

/// A file for its owner only.
enum PrivateFile {
    /// Whole or not at all, with mode 0600 from its first byte on.
    static func write(_ bytes: [UInt8], to path: String) throws(CommandError) {
        let temporary = path + ".\(getpid()).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        var isWritten = descriptor >= 0
        if isWritten {
            isWritten = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count) == $0.count
            }
            isWritten = close(descriptor) == 0 && isWritten && rename(temporary, path) == 0
        }
        guard isWritten else {
            let reason = String(cString: strerror(errno))
            unlink(temporary)
            throw CommandError(
                exitCode: .resultsNotWritten,
                message: "--ready-file: cannot write '\(path)': \(reason)")
        }
    }
}
