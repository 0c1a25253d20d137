import Foundation
import Presign
import Testbed
import Testing

/// Store and gateway for the time of one test, and requests to them.
struct GatewayFixture {
    static let token = "a-token-for-tests"
    let testbed: Testbed

    static func run(
        token: String? = token, host: String = "127.0.0.1",
        _ test: (GatewayFixture) throws -> Void,
        change: (inout TestbedConfiguration) -> Void = { _ in }
    ) throws {
        let credentials = Credentials(accessKey: "AKIDTEST", secretKey: "secret")
        var configuration = TestbedConfiguration(
            store: StoreConfiguration(credentials: [credentials]))
        configuration.token = token
        configuration.host = host
        change(&configuration)
        let testbed = try Testbed(configuration)
        defer { testbed.stop() }
        try test(GatewayFixture(testbed: testbed))
    }

    var gatewayPort: Int { Self.port(testbed.gatewayURL) }
    var storePort: Int { Self.port(testbed.storeURL) }

    /// Of the gateway's thread.
    var gatewayCPUNs: Int64 {
        testbed.takeAccounts().first { $0.role == "gateway" }?.cpuNs ?? 0
    }

    private static func port(_ url: String) -> Int { URLComponents(string: url)?.port ?? 0 }

    /// One request to the gateway, on a connection of its own.
    func call(
        _ method: String, _ target: String, headers: [String] = ["Authorization: Bearer \(token)"],
        body: String = ""
    ) throws -> RawClient.Answer {
        let client = try RawClient(port: gatewayPort)
        let fields = (headers + ["Host: 127.0.0.1", "Content-Length: \(body.utf8.count)"])
            .joined(separator: "\r\n")
        client.send("\(method) \(target) HTTP/1.1\r\n\(fields)\r\n\r\n\(body)")
        return try client.answer()
    }

    func permission(_ target: String) throws -> (key: String, data: [String: Any]) {
        let answer = try call("GET", target)
        try #require(answer.status == 200, "\(answer.text)")
        let object = try #require(try answer.json())
        return (
            try #require(object["id"] as? String), try #require(object["data"] as? [String: Any])
        )
    }

    /// Uploads through a signed URL and returns the key.
    func upload(_ bytes: [UInt8], contentType: String, filename: String = "f") throws -> String {
        let escaped = PercentEncoding.encode(contentType)
        let permission = try permission("/signed-url?contentType=\(escaped)&filename=\(filename)")
        let url = try #require(permission.data["url"] as? String)
        let target = try #require(url.firstRange(of: "/", after: "://"))
        let client = try RawClient(port: storePort)
        let head =
            "PUT \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(storePort)\r\n"
            + "Content-Type: \(contentType)\r\nContent-Length: \(bytes.count)\r\n\r\n"
        client.send(Array(head.utf8) + bytes)
        let answer = try client.answer()
        try #require(answer.status == 200, "\(answer.text)")
        return permission.key
    }

    func review(key: String, bucket: String = "uploads") throws -> RawClient.Answer {
        try call("POST", "/reviews", body: #"{"bucket":"\#(bucket)","key":"\#(key)"}"#)
    }
}

extension RawClient.Answer {
    func json() throws -> [String: Any]? {
        try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
    }

    var message: String? { (try? json())?["message"] as? String }
}

extension String {
    /// What begins with the first `mark` behind `opening`.
    fileprivate func firstRange(of mark: Character, after opening: String) -> Substring? {
        guard let start = ranges(of: opening).first?.upperBound,
            let position = self[start...].firstIndex(of: mark)
        else { return nil }
        return self[position...]
    }
}
