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
        let storeAddress = ListenAddress(host: configuration.host, port: configuration.storePort)
        store = try RoleServer(name: "store", address: storeAddress) { _ in
            try StoreHandler(storeConfiguration)
        }
        storeURL = "http://\(storeAddress.localName):\(store.port)"
        let gatewayConfiguration = Self.gatewayConfiguration(
            configuration,
            store: ListenAddress(host: configuration.host, port: store.port))
        do {
            gateway = try RoleServer(
                name: "gateway",
                address: ListenAddress(host: configuration.host, port: configuration.gatewayPort)
            ) { loop in try GatewayHandler(gatewayConfiguration, loop: loop) }
        } catch {
            store.stop()
            throw error
        }
        gatewayURL = "http://\(storeAddress.localName):\(gateway.port)"
    }

    package func stop() {
        gateway.stop()
        store.stop()
    }

    private static func gatewayConfiguration(
        _ configuration: TestbedConfiguration, store address: ListenAddress
    ) -> GatewayConfiguration {
        let store = configuration.store
        let credentials = store.credentials.first ?? Credentials(accessKey: "", secretKey: "")
        var gateway = GatewayConfiguration(
            bucket: store.bucket, region: store.region, credentials: credentials, store: address,
            token: configuration.token, now: store.now)
        gateway.expiresSeconds = configuration.expiresSeconds
        return gateway
    }
}
