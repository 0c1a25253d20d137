import Foundation
import Presign

extension Command {
    static let presign = Command(
        name: "presign",
        summary: "prints presigned requests",
        usage: [
            "presign put|get KEY --bucket NAME [FLAGS]",
            "presign post KEY --bucket NAME [FLAGS]     (KEY may end in ${filename})",
            "presign batch [FILE]                       (or standard input)",
        ],
        details: PresignHelp.details,
        flags: PresignFlags.all,
        operands: 1...2,
        run: { arguments throws(CommandError) in try PresignCommand.run(arguments) })
}

enum PresignFlags {
    static let all = [
        Flag(name: "bucket", valueName: "NAME", help: "the bucket"),
        Flag(
            name: "region", valueName: "NAME", help: "its region (default: AWS_REGION, us-east-1)"),
        Flag(
            name: "profile", valueName: "NAME",
            help: "of the shared AWS config files; keys in the environment then do not count"),
        Flag(
            name: "style", valueName: "STYLE",
            help:
                "\(Endpoint.Style.allCases.map(\.rawValue).joined(separator: ", ")) (default virtual, or custom-path with --endpoint)"
        ),
        Flag(name: "endpoint", valueName: "URL", help: "an S3 that is not AWS's"),
        Flag(name: "expires", valueName: "SECONDS", help: "1 to 604800 (default 300)"),
        Flag(
            name: "at", valueName: "TIME",
            help: "signing time, 20260410T224818Z or 2026-04-10T22:48:18Z (default now)"),
        Flag(
            name: "header", valueName: "NAME:VALUE",
            help: "a header to sign, which the caller must send", isRepeatable: true),
        Flag(
            name: "query", valueName: "NAME=VALUE", help: "an operation parameter",
            isRepeatable: true),
        Flag(
            name: "field", valueName: "NAME=VALUE", help: "post: a form field, allowed exactly",
            isRepeatable: true),
        Flag(
            name: "starts-with", valueName: "NAME=PREFIX",
            help: "post: a field the client may fill in after this prefix", isRepeatable: true),
        Flag(
            name: "size-range", valueName: "MIN-MAX", help: "post: allowed sizes, like 1-10MiB"),
        Flag(name: "file", valueName: "PATH", help: "the file that curl or vegeta shall send"),
        Flag(name: "format", valueName: "HOW", help: "json (default), curl or vegeta"),
    ]
}

enum PresignHelp {
    static let details = """
        Credentials are found as AWS's tools find them (docs/credentials.md has the order); batch has them
        in each line. What it prints is a permission: keep it out of logs.

        --format json    one object: url, method, headers, signature; for a form url, fields, signature
        --format curl    a command line
        --format vegeta  a target for 'vegeta attack -format=json' (--file becomes its body)

        batch reads JSON lines, one request each, and writes one line back per line, in order:
          {"id": …, "kind": "url"|"post", "inputs": {…}, "request": {…}|null}
          -> {"id", "url", "signature"} · form: {"id", "url", "fields", "signature"} · {"id", "error"}
        inputs:  access_key, secret_key, session_token, region, bucket, amz_date (or now), expires;
                 key, or key_utf8_hex for its bytes; style (virtual, path, accelerate, dualstack, default,
                 custom-path, custom-vhost) with endpoint_url, or botocore_s3_config (addressing_style,
                 use_accelerate_endpoint, use_dualstack_endpoint) in its place;
                 url: params (boto3 names: ContentType, Metadata, UploadId, …), extra_headers [[name, value]],
                      operation (put_object unless params say otherwise)
                 post: fields {name: value}, conditions [...], as boto3's generate_presigned_post takes them
        request: method, scheme, host, operation_query, headers: signed as they stand, instead of params.
        A line that cannot be signed, or is cut short, answers with its error and line number; the exit code
        is then 1. Lines may have up to 1 MiB; empty ones are passed over.
        """
}

enum PresignCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> ExitCode {
        let kinds = ["put", "get", "post", "batch"]
        let kind = try Quantities.choice(arguments.operands[0], "presign", of: kinds)
        let operand = arguments.operands.count > 1 ? arguments.operands[1] : nil
        guard kind != "batch" else { return try batch(operand, arguments) }
        guard let key = operand else {
            throw .usage(
                "presign \(kind) needs a key: uploadbench presign \(kind) KEY --bucket NAME")
        }
        let format = try Quantities.choice(
            arguments.value("format") ?? "json", "--format", of: ["json", "curl", "vegeta"])
        let plan = try PresignPlan(arguments, key: key)
        let file = arguments.value("file")
        let printer = try PresignPrinter(format: format, file: file)
        if kind == "post" {
            Terminal.write(try printer.text(for: try plan.form(), key: key))
        } else {
            let method = kind.uppercased()
            try plan.refuseFormFlags(arguments)
            let signed = try plan.url(method: method)
            Terminal.write(
                try printer.text(for: signed, method: method, headers: plan.headers))
        }
        return .success
    }

    private static func batch(
        _ path: String?, _ arguments: Arguments
    ) throws(CommandError) -> ExitCode {
        for flag in PresignFlags.all where arguments.has(flag.name) {
            guard flag.name == "format", arguments.value("format") == "json" else {
                throw .usage("presign batch takes no --\(flag.name): each line says all")
            }
        }
        var descriptor = STDIN_FILENO
        if let path, path != "-" {
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw .usage("cannot read '\(path)': \(String(cString: strerror(errno)))")
            }
        }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        let failed = try PresignBatchStream(input: descriptor, output: STDOUT_FILENO).run()
        guard failed > 0 else { return .success }
        Terminal.writeError(
            "uploadbench: \(failed) line(s) could not be signed; their answers say why")
        return .failure
    }
}

/// What the flags of one `presign put|get|post` come to.
struct PresignPlan {
    private let credentials: Credentials
    private let endpoint: Endpoint
    private let key: String
    private let expiresSeconds: Int
    private let time: SigningTime
    private let query: [NameValue]
    private let fields: [NameValue]
    private let conditions: [PolicyCondition]
    let headers: [NameValue]

    init(_ arguments: Arguments, key: String) throws(CommandError) {
        guard let bucket = arguments.value("bucket") else {
            throw .usage("presign needs --bucket NAME")
        }
        let environment = AWSEnvironment(explicitProfile: arguments.value("profile"))
        let region: String
        let found: FoundCredentials?
        do throws(CredentialError) {
            let chain = try CredentialChain(environment)
            found = try chain.find()
            region =
                arguments.value("region") ?? AWSPlace(environment, chain.profiles).region
                ?? "us-east-1"
        } catch {
            throw error.commandError
        }
        guard let found else {
            throw .usage("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")
        }
        credentials = found.credentials
        endpoint = try Self.endpoint(arguments, region: region, bucket: bucket)
        self.key = key
        expiresSeconds = try Quantities.count(
            arguments.value("expires") ?? "300", "--expires", in: SigningError.expiresSecondsRange)
        time = try Self.time(arguments.value("at"))
        headers = try Self.pairs(arguments, "header", separator: ":")
        query = try Self.pairs(arguments, "query", separator: "=")
        fields = try Self.pairs(arguments, "field", separator: "=")
        let prefixes = try Self.pairs(arguments, "starts-with", separator: "=")
        var conditions = PostFormSigner.exactly(fields)
        conditions += prefixes.map { .startsWith(field: $0.name, $0.value) }
        if let range = try Self.sizeRange(arguments.value("size-range")) {
            conditions.append(.contentLength(range))
        }
        self.conditions = conditions
    }

    func url(method: String) throws(CommandError) -> PresignedRequest {
        do throws(SigningError) {
            return try URLPresigner(credentials: credentials, endpoint: endpoint).presign(
                method: method, key: key, headers: headers, query: query,
                expiresSeconds: expiresSeconds, at: time)
        } catch {
            throw .usage(error.description)
        }
    }

    func form() throws(CommandError) -> PresignedForm {
        guard headers.isEmpty, query.isEmpty else {
            throw .usage("a form signs no headers and no query; use --field")
        }
        do throws(SigningError) {
            var signer = try PostFormSigner(
                credentials: credentials, endpoint: endpoint, fields: fields,
                conditions: conditions, expiresSeconds: expiresSeconds)
            return try signer.sign(key: key, at: time)
        } catch {
            throw .usage(error.description)
        }
    }

    func refuseFormFlags(_ arguments: Arguments) throws(CommandError) {
        for name in ["field", "starts-with", "size-range"] where arguments.has(name) {
            throw .usage("--\(name) belongs to 'presign post'")
        }
    }

    private static func endpoint(
        _ arguments: Arguments, region: String, bucket: String
    ) throws(CommandError) -> Endpoint {
        let url = arguments.value("endpoint")
        let fallback = url == nil ? Endpoint.Style.virtualHosted : .customPath
        let name = try Quantities.choice(
            arguments.value("style") ?? fallback.rawValue, "--style",
            of: Endpoint.Style.allCases.map(\.rawValue))
        do throws(EndpointError) {
            return try Endpoint(
                style: Endpoint.Style(rawValue: name) ?? fallback, region: region, bucket: bucket,
                url: url)
        } catch {
            throw .usage(error.description)
        }
    }

    private static func time(_ text: String?) throws(CommandError) -> SigningTime {
        guard let text else { return SigningTime(unixSeconds: Int64(Glibc.time(nil))) }
        guard let time = SigningTime(amzDate: text) ?? SigningTime(iso8601: text) else {
            throw .usage("--at: '\(text)' is not a time like 2026-04-10T22:48:18Z")
        }
        return time
    }

    private static func pairs(
        _ arguments: Arguments, _ flag: String, separator: Character
    ) throws(CommandError) -> [NameValue] {
        var pairs: [NameValue] = []
        for text in arguments.all(flag) {
            guard let index = text.firstIndex(of: separator), index > text.startIndex else {
                throw .usage("--\(flag): '\(text)' is not NAME\(separator)VALUE")
            }
            let value = text[text.index(after: index)...]
            let isHeader = separator == ":"
            pairs.append(
                (
                    String(text[..<index]),
                    isHeader ? value.trimmingCharacters(in: .whitespaces) : String(value)
                ))
        }
        return pairs
    }

    private static func sizeRange(
        _ text: String?
    ) throws(CommandError) -> ClosedRange<Int64>? {
        guard let text else { return nil }
        let halves = text.split(separator: "-", omittingEmptySubsequences: false)
        guard halves.count == 2 else {
            throw .usage("--size-range: '\(text)' is not MIN-MAX, like 1-10MiB")
        }
        let low = try Quantities.bytes(String(halves[0]), "--size-range")
        let high = try Quantities.bytes(String(halves[1]), "--size-range")
        guard low <= high else { throw .usage("--size-range: \(text) is reversed") }
        return low...high
    }
}
