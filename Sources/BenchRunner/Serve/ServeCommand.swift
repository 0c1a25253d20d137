import Foundation
import NetIO
import Presign
import Testbed

extension Command {
    static let serve = Command(
        name: "serve",
        summary:
            "the embedded S3 store and upload API alone, until SIGINT, SIGTERM or its input closes",
        usage: ["serve [FLAGS]"],
        details: """
            The store speaks S3 (path style and BUCKET.localhost), the gateway the API described in
            docs/gateway-api.md. Keys and token are random per start unless --credentials is given; they
            stand in the ready file, which only its owner can read, and nowhere else.
            """,
        flags: [
            Flag(name: "host", valueName: "ADDRESS", help: "where to listen (default 127.0.0.1)"),
            Flag(name: "store-port", valueName: "N", help: "0: any free one (default)"),
            Flag(name: "gateway-port", valueName: "N", help: "0: any free one (default)"),
            Flag(name: "edge-port", valueName: "N", help: "0: any free one (default)"),
            Flag(name: "accelerate-port", valueName: "N", help: "0: any free one (default)"),
            Flag(
                name: "public-store", valueName: "URL",
                help: "the store as clients reach it through a proxy; the gateway signs for it"),
            Flag(name: "bucket", valueName: "NAME", help: "the one bucket (default uploads)"),
            Flag(name: "region", valueName: "NAME", help: "its region (default us-east-1)"),
            Flag(
                name: "credentials", valueName: "FILE",
                help: "JSON array of {access_key, secret_key, session_token}"),
            Flag(
                name: "store", valueName: "HOW",
                help:
                    "memory:SIZE (default memory:2GiB), dir:PATH or discard: sizes and checksums only"
            ),
            Flag(
                name: "clock", valueName: "TIME", help: "a stopped clock, as 2026-04-10T22:48:18Z"),
            Flag(
                name: "expires", valueName: "SECONDS",
                help: "life of the gateway's signatures (default 300)"),
            Flag(name: "open", help: "the gateway asks for no token"),
            Flag(
                name: "ready-file", valueName: "FILE",
                help: "gets a JSON object with the URLs and keys"),
            Flag(
                name: "log", valueName: "FILE",
                help: "gets a line of JSON per request, without queries and tokens"),
            Flag(name: "until-stdin-closes", help: "end when the standard input does"),
            Flag(
                name: "seed", valueName: "N",
                help: "of losses, faults, cold starts and service times (default 1)"),
            Flag(name: "plan", valueName: "FILE", help: "JSON object of these flags"),
        ] + EmulationFlags.flags,
        run: { arguments throws(CommandError) in try ServeCommand.run(arguments) })
}

enum ServeCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> ExitCode {
        // All that it writes is its owner's alone, and his to read: ready file, log and objects.
        umask(0o077)
        let settings = try Settings(arguments, for: .serve)
        try ReadyFile.check(settings)
        let configuration = try configuration(settings)
        // One for each client, and as many again where a role calls another.
        _ = DescriptorLimit.raise(to: 2 * ServerLimits().connections + 100)
        let questions = Questions()
        let end = EndOfService(watchingInput: try settings.isOn("until-stdin-closes")) {
            questions.answer($0)
        }
        let testbed: Testbed
        do {
            testbed = try Testbed(configuration)
        } catch {
            throw CommandError(exitCode: .failure, message: "\(error)")
        }
        defer { testbed.stop() }
        warnOfOthers(configuration)
        var authority: String?
        if let path = settings.text("ready-file") {
            if let pem = testbed.authorityPEM {
                // Absolute: whoever reads the ready file may work in another folder.
                let file = URL(fileURLWithPath: path + ".ca.pem").path
                authority = file
                try PrivateFile.write(Array(pem.utf8), to: file)
            }
            try ReadyFile(testbed, configuration, authority: authority).write(to: path)
        } else if let pem = testbed.authorityPEM {
            Terminal.write(pem)
        }
        defer {
            if let authority { unlink(authority) }
            if questions.readyFileIsTemporary, let path = settings.text("ready-file") {
                ReadyFile.removeWithFolder(path)
            }
        }
        Terminal.write("store    \(testbed.storeURL)  bucket \(configuration.store.bucket)")
        Terminal.write("gateway  \(testbed.gatewayURL)")
        Terminal.write("edge     \(testbed.edgeURL)")
        Terminal.write("accelerate  \(testbed.accelerateURL)")
        questions.testbed = testbed
        end.wait()
        return .success
    }

    private static func warnOfOthers(_ configuration: TestbedConfiguration) {
        let host = configuration.host
        guard host != "::1", !LoadConsent.isLoopback(host) else { return }
        let whoever =
            configuration.token == nil
            ? ": whoever does may store files here, as --open asks for no token" : ""
        Terminal.writeError(
            "uploadbench: warning: listening on \(host), which other machines may reach\(whoever)")
    }

    private static func configuration(
        _ settings: Settings
    ) throws(CommandError) -> TestbedConfiguration {
        var store = StoreConfiguration(credentials: try credentials(settings))
        store.bucket = settings.text("bucket") ?? store.bucket
        store.region = settings.text("region") ?? store.region
        store.mode = try settings.parsed("store", default: store.mode, storeMode)
        if let (text, source) = settings.value("clock") {
            guard let time = SigningTime(iso8601: text) else {
                throw .usage("\(source): '\(text)' is not a time such as 2026-04-10T22:48:18Z")
            }
            store.now = { time }
        }
        _ = try endpoint("http://127.0.0.1:1", store, "--bucket and --region")
        store.bucketWithoutCORS = store.bucket + withoutCORSSuffix
        var configuration = TestbedConfiguration(store: store)
        configuration.host = settings.text("host") ?? configuration.host
        configuration.storePort = try settings.parsed("store-port", default: 0, port)
        configuration.gatewayPort = try settings.parsed("gateway-port", default: 0, port)
        configuration.edgePort = try settings.parsed("edge-port", default: 0, port)
        configuration.acceleratePort = try settings.parsed("accelerate-port", default: 0, port)
        configuration.publicStore = try settings.parsed("public-store", default: nil) {
            url, source throws(CommandError) in
            try endpoint(url, store, source)
        }
        configuration.limits = try EmulationFlags.limits(settings)
        configuration.link = try settings.parsed("link", default: nil, EmulationFlags.link)
        configuration.linkName = settings.text("link")
        configuration.log = try log(settings)
        configuration.seed = configuration.limits.seed
        configuration.isSecure = try settings.isOn("tls")
        configuration.resumesTLSSessions = try !settings.isOn("no-tls-resumption")
        configuration.keyPolicy = try EmulationFlags.keyPolicy(settings)
        configuration.edgeService = try ServiceTimeFlag.values(settings)["edge"] ?? .none
        configuration.storeLimits = try EmulationFlags.storeLimits(settings)
        configuration.faults = try FaultFlag.values(settings)
        configuration.expiresSeconds = try settings.parsed("expires", default: 300) {
            text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...604_800)
        }
        configuration.token = try settings.isOn("open") ? nil : RandomText.make(bytes: 24)
        return configuration
    }

    /// Of a second bucket, on which the page shows what a bucket without CORS rules does.
    private static let withoutCORSSuffix = "-without-cors"

    private static func log(_ settings: Settings) throws(CommandError) -> RequestLog? {
        guard let path = settings.text("log") else { return nil }
        do throws(SystemError) {
            return try RequestLog(path: path)
        } catch {
            throw CommandError(exitCode: .resultsNotWritten, message: "--log: \(error)")
        }
    }

    private static func endpoint(
        _ url: String, _ store: StoreConfiguration, _ source: String
    ) throws(CommandError) -> Endpoint {
        do throws(EndpointError) {
            return try Endpoint(
                style: .customPath, region: store.region, bucket: store.bucket, url: url)
        } catch {
            throw .usage("\(source): \(error)")
        }
    }

    private static func port(_ text: String, _ source: String) throws(CommandError) -> Int {
        try Quantities.count(text, source, in: 0...65_535)
    }

    private static func storeMode(_ text: String, _ source: String) throws(CommandError)
        -> StoreMode
    {
        if text == "discard" { return .discard }
        if text.hasPrefix("dir:"), text.count > 4 {
            let path = String(text.dropFirst(4))
            var facts = stat()
            guard stat(path, &facts) != 0 || facts.st_mode & S_IFMT == S_IFDIR else {
                throw .usage("\(source): '\(path)' is not a directory")
            }
            return .directory(path: path)
        }
        guard text.hasPrefix("memory:") else {
            throw .usage("\(source): '\(text)' is not memory:SIZE, dir:PATH or discard")
        }
        return .memory(limitBytes: try Quantities.bytes(String(text.dropFirst(7)), source))
    }

    private static func credentials(_ settings: Settings) throws(CommandError) -> [Credentials] {
        guard let (path, source) = settings.value("credentials") else {
            return [
                Credentials(
                    accessKey: "UB" + RandomText.make(bytes: 9).uppercased(),
                    secretKey: RandomText.make(bytes: 20))
            ]
        }
        struct Entry: Decodable {
            let access_key: String
            let secret_key: String
            let session_token: String?
        }
        let data = Data(try InputFile.read(path, for: source))
        guard let entries = try? JSONDecoder().decode([Entry].self, from: data), !entries.isEmpty
        else {
            throw .usage(
                "\(source): '\(path)' is not a JSON array of {\"access_key\", \"secret_key\"}")
        }
        for (index, entry) in entries.enumerated() {
            let others = entries[..<index].map(\.access_key)
            // An empty secret is everybody's.
            guard isAccessKey(entry.access_key), !entry.secret_key.isEmpty,
                entry.session_token?.isEmpty != true, !others.contains(entry.access_key)
            else {
                throw .usage(
                    "\(source): entry \(index + 1) of '\(path)' needs an access_key of its own, without"
                        + " blanks, slashes and commas, and a secret_key and session_token that are"
                        + " not empty")
            }
        }
        return entries.map {
            Credentials(
                accessKey: $0.access_key, secretKey: $0.secret_key, sessionToken: $0.session_token)
        }
    }
}

/// It stands between the slashes and commas of headers.
private func isAccessKey(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count)
        && text.utf8.allSatisfy {
            (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ",")
        }
}

/// Answers what the standard input asks, for the run that started this process.
final class Questions {
    /// To leave nothing of it on the disk, however the one that asked ends.
    static let removeReadyFile = "remove-ready-file"

    var testbed: Testbed?
    private(set) var readyFileIsTemporary = false

    func answer(_ line: String) {
        if line == Self.removeReadyFile { readyFileIsTemporary = true }
        guard line == RoleAccounts.question, let testbed else { return }
        let roles = testbed.takeAccounts().map {
            (
                $0.role,
                RoleAccounts.Role(
                    cpu_ns: $0.cpuNs, peak_bytes: $0.peakBytes,
                    lambda_invocations: $0.lambda?.invocations,
                    lambda_billed_ms: $0.lambda?.billedMs)
            )
        }
        let accounts = RoleAccounts(roles: Dictionary(uniqueKeysWithValues: roles))
        guard let json = try? JSONEncoder().encode(accounts) else { return }
        Terminal.write(String(decoding: json, as: UTF8.self))
    }
}

/// Letters and digits that nobody can guess.
enum RandomText {
    static func make(bytes: Int) -> String {
        var random = SystemRandomNumberGenerator()
        return Hex.encode((0..<bytes).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
}
