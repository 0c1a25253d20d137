import Foundation
import Glibc
import Presign
import Testbed

/// What the function is told by its environment; `deploy/aws/template.yaml` sets it.
struct LambdaSettings {
    let gateway: GatewayConfiguration
    /// PEM authorities instead of libcurl's.
    let authoritiesPath: String?

    struct Problem: Error, Equatable {
        let message: String
    }

    init(_ environment: [String: String]) throws(Problem) {
        let values = Values(environment)
        let user = try values.required("UPLOADBENCH_USER") { Self.isUserName($0) ? $0 : nil }
        let digest = try values.required("UPLOADBENCH_TOKEN_SHA256") {
            Hex.decode($0).flatMap(SHA256Digest.init)
        }
        let expires = try values.optional("UPLOADBENCH_EXPIRES", default: 300) {
            Int($0).flatMap { (1...604_800).contains($0) ? $0 : nil }
        }
        let origin = try values.optional("UPLOADBENCH_ALLOWED_ORIGIN", default: "*") {
            Self.isOrigin($0) ? $0 : nil
        }
        let credentials = Credentials(
            accessKey: try values.required("AWS_ACCESS_KEY_ID") { $0 },
            secretKey: try values.required("AWS_SECRET_ACCESS_KEY") { $0 },
            sessionToken: values.text("AWS_SESSION_TOKEN"))
        var gateway = GatewayConfiguration(
            remote: try Self.store(values), credentials: credentials, tokenDigest: digest,
            now: { SigningTime(unixSeconds: Int64(Glibc.time(nil))) })
        gateway.user = user
        gateway.expiresSeconds = expires
        gateway.allowedOrigin = origin
        gateway.limits = .none
        // It is for the roles of this program.
        gateway.hasPage = false
        self.gateway = gateway
        authoritiesPath = values.text("AWS_CA_BUNDLE")
    }

    private static func store(_ values: Values) throws(Problem) -> RemoteStore {
        let bucket = try values.required("UPLOADBENCH_BUCKET") { $0 }
        let region = try values.required("AWS_REGION") { $0 }
        let isAccelerated = try values.optional("UPLOADBENCH_ACCELERATION", default: false) {
            ["Enabled": true, "Suspended": false][$0]
        }
        do throws(EndpointError) {
            if let url = values.text("AWS_ENDPOINT_URL_S3") {
                let endpoint = try Endpoint(
                    style: .customPath, region: region, bucket: bucket, url: url)
                return RemoteStore(endpoint: endpoint, accelerated: nil)
            }
            let accelerated =
                isAccelerated
                ? try Endpoint(style: .accelerate, region: region, bucket: bucket) : nil
            return RemoteStore(
                endpoint: try Endpoint(style: .virtualHosted, region: region, bucket: bucket),
                accelerated: accelerated)
        } catch {
            throw Problem(message: "\(error)")
        }
    }

    /// As the template allows it: a part of keys and of policies.
    private static func isUserName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text != "." && text != ".."
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
                    || (0x61...0x7A).contains($0) || [0x2D, 0x2E, 0x5F].contains($0)
            }
    }

    private static func isOrigin(_ text: String) -> Bool {
        text == "*" || text.contains("://") && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// Variables by name; an empty one is not set.
    private struct Values {
        private let environment: [String: String]

        init(_ environment: [String: String]) { self.environment = environment }

        func text(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }

        func required<Value>(
            _ name: String, _ parse: (String) -> Value?
        ) throws(Problem) -> Value {
            guard let text = text(name) else { throw Problem(message: "\(name) is not set") }
            // Its value is not repeated: it may be a secret.
            guard let value = parse(text) else { throw Problem(message: "\(name) is not valid") }
            return value
        }

        func optional<Value>(
            _ name: String, default fallback: Value, _ parse: (String) -> Value?
        ) throws(Problem) -> Value {
            text(name) == nil ? fallback : try required(name, parse)
        }
    }
}
