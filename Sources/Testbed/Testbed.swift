package import Presign

/// What `serve` starts.
package struct TestbedConfiguration: Sendable {
    package var host = "127.0.0.1"
    package var storePort = 0
    package var gatewayPort = 0
    package var edgePort = 0
    package var acceleratePort = 0
    package var store: StoreConfiguration
    /// nil: an open gateway.
    package var token: String?
    package var expiresSeconds = 300
    package var keyPolicy = KeyPolicy.uuid
    package var limits = GatewayLimits()
    package var edgeService = ServiceTime.none
    package var storeLimits = StoreLimits()
    package var faults: [FaultRole: [Fault]] = [:]
    /// nil: loopback, with nothing in between.
    package var link: LinkProfile?
    /// The store as clients reach it, where a proxy stands in front: signed URLs name it.
    package var publicStore: Endpoint?
    /// TLS 1.3 on every role, between the client and it.
    package var isSecure = false
    package var resumesTLSSessions = true
    /// The link as it was asked for, for the page to name.
    package var linkName: String?
    /// Gets a line per request of every role; nil: none is kept.
    package var log: RequestLog?
    /// Of the link's losses and the faults.
    package var seed: UInt64 = 1

    package init(store: StoreConfiguration) { self.store = store }
}

/// The running roles, each on a thread of its own.
package final class Testbed: Sendable {
    package let storeURL: String
    package let gatewayURL: String
    package let edgeURL: String
    package let accelerateURL: String
    private let roles: [(name: String, server: RoleServer)]
    private let gatewayAccount: GatewayAccount
    private let link: LinkNetwork?
    /// PEM of the authority that clients have to trust; nil without TLS.
    package let authorityPEM: String?

    /// Listens on all ports before it returns.
    package init(_ configuration: TestbedConfiguration) throws {
        var roles: [(name: String, server: RoleServer)] = []
        link = try configuration.link.map { try LinkNetwork($0, seed: configuration.seed) }
        let security =
            configuration.isSecure
            ? try ServerSecurity(
                hosts: [configuration.host, "\(configuration.store.bucket).localhost"],
                resumesSessions: configuration.resumesTLSSessions)
            : nil
        authorityPEM = security?.authorityPEM
        do {
            let made = try Self.start(configuration, link, security) { roles.append(($0, $1)) }
            storeURL = made.store
            gatewayURL = made.gateway
            edgeURL = made.edge
            accelerateURL = made.accelerate
            gatewayAccount = made.account
        } catch {
            link?.stop()
            roles.reversed().forEach { $0.server.stop() }
            throw error
        }
        self.roles = roles
    }

    package func stop() {
        link?.stop()
        roles.reversed().forEach { $0.server.stop() }
    }

    /// What a role has used.
    package struct Account: Sendable {
        package let role: String
        package let cpuNs: Int64
        /// The most bytes of bodies held since the last call; nil where nobody counts.
        package let peakBytes: Int64?
        /// What its functions are billed for since the start; nil where there are none.
        package var lambda: LambdaUse?
    }

    package func takeAccounts() -> [Account] {
        let network = link.map { [Account(role: "link", cpuNs: $0.cpuNs, peakBytes: nil)] } ?? []
        return network
            + roles.map { name, server in
                let isGateway = name == "gateway"
                return Account(
                    role: name, cpuNs: server.cpuNs,
                    peakBytes: isGateway ? gatewayAccount.takePeak() : nil,
                    lambda: isGateway ? gatewayAccount.lambdaUse : nil)
            }
    }
}
