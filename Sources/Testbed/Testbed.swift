import Presign

/// What `serve` starts.
package struct TestbedConfiguration: Sendable {
    package var host = "127.0.0.1"
    package var storePort = 0
    package var gatewayPort = 0
    package var store: StoreConfiguration
    /// nil: an open gateway.
    package var token: String?
    package var expiresSeconds = 300

    package init(store: StoreConfiguration) { self.store = store }
}

/// The running roles.
package final class Testbed: Sendable {
    package let storeURL: String
    package let gatewayURL: String
    private let store: RoleServer
    private let gateway: RoleServer

    /// Listens on all ports before it returns.
    package init(_ configuration: TestbedConfiguration) throws {
        let storeConfiguration = configuration.store
        store = try RoleServer(
            name: "store",
            address: ListenAddress(host: configuration.host, port: configuration.storePort)
        ) { _ in StoreHandler(storeConfiguration) }
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        storeURL = "http://\(host):\(store.port)"
        let gatewayConfiguration = Self.gatewayConfiguration(
            configuration, storeURL: storeURL, storePort: store.port)
        do {
            gateway = try RoleServer(
                name: "gateway",
                address: ListenAddress(host: configuration.host, port: configuration.gatewayPort)
            ) { loop in try GatewayHandler(gatewayConfiguration, loop: loop) }
        } catch {
            store.stop()
            throw error
        }
        gatewayURL = "http://\(host):\(gateway.port)"
    }

    package func stop() {
        gateway.stop()
        store.stop()
    }

    private static func gatewayConfiguration(
        _ configuration: TestbedConfiguration, storeURL: String, storePort: Int
    ) -> GatewayConfiguration {
        let store = configuration.store
        let credentials = store.credentials.first ?? Credentials(accessKey: "", secretKey: "")
        var gateway = GatewayConfiguration(
            bucket: store.bucket, region: store.region, credentials: credentials,
            storeURL: storeURL, storePort: storePort, token: configuration.token, now: store.now)
        gateway.expiresSeconds = configuration.expiresSeconds
        return gateway
    }
}
