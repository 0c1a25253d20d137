import NetIO
import Presign

extension Testbed {
    struct Started {
        let store: String
        let gateway: String
        let edge: String
        let accelerate: String
        let account: GatewayAccount
    }

    /// Starts the roles one after the other, each with the addresses of those that it needs.
    static func start(
        _ configuration: TestbedConfiguration, _ link: LinkNetwork?,
        _ security: ServerSecurity?,
        _ started: (String, RoleServer) -> Void
    ) throws -> Started {
        let network = Network(configuration, link)
        let log = configuration.log
        let scheme = security == nil ? "http" : "https"
        let (storeConfiguration, storeLimits) = (configuration.store, configuration.storeLimits)
        let (faults, seed) = (configuration.faults, configuration.seed)
        let perConnection = link == nil ? 1 : ServerLimits.descriptorsBehindLink
        var limits = ServerLimits()
        limits.descriptorsPerConnection = perConnection
        let store = try RoleServer(
            name: "store", address: network.address(.store), security: security,
            limits: limits, log: log
        ) { loop in
            try StoreHandler(storeConfiguration, load: StoreLoad(storeLimits, loop: loop))
                .failing(faults, as: .store, seed: seed, loop: loop)
        }
        started("store", store)

        let accelerateConfiguration = AccelerateConfiguration(
            upstream: try network.inner(.edgeStore, store.innerAddress),
            region: storeConfiguration.region,
            credentials: network.credentials, now: storeConfiguration.now)
        let accelerate = try RoleServer(
            name: "accelerate", address: network.address(.accelerate), security: security,
            limits: limits, log: log
        ) { loop in
            try AccelerateHandler(accelerateConfiguration, loop: loop)
                .failing(faults, as: .accelerate, seed: seed, loop: loop)
        }
        started("accelerate", accelerate)

        let storePort = try network.publish(.store, .clientStore, store.port)
        let acceleratePort = try network.publish(.accelerate, .clientEdge, accelerate.port)
        var gatewayConfiguration = network.gateway(store: storePort, accelerate: acceleratePort)
        gatewayConfiguration.scheme = scheme
        gatewayConfiguration.upstream = try network.inner(.gatewayStore, store.innerAddress)
        var edgeConfiguration = EdgeConfiguration(gateway: gatewayConfiguration)
        edgeConfiguration.service = configuration.edgeService
        let madeEdge = edgeConfiguration
        var edgeLimits = madeEdge.serverLimits
        edgeLimits.descriptorsPerConnection = perConnection
        let edge = try RoleServer(
            name: "edge", address: network.address(.edge), security: security,
            limits: edgeLimits, log: log
        ) { loop in
            try EdgeHandler(madeEdge, loop: loop)
                .failing(faults, as: .edge, seed: seed, loop: loop)
        }
        started("edge", edge)
        let edgePort = try network.publish(.edge, .clientEdge, edge.port)

        gatewayConfiguration.edgePort = edgePort
        let madeGateway = gatewayConfiguration
        let gateway = try RoleServer(
            name: "gateway", address: network.address(.gateway), security: security,
            limits: limits, log: log
        ) { loop in
            try GatewayHandler(madeGateway, loop: loop)
                .failing(faults, as: .gateway, seed: seed, loop: loop)
        }
        started("gateway", gateway)
        let url = { (port: Int) in "\(scheme)://\(network.publicName):\(port)" }
        return Started(
            store: url(storePort),
            gateway: url(try network.publish(.gateway, .clientGateway, gateway.port)),
            edge: url(edgePort),
            accelerate: "\(scheme)://localhost:\(acceleratePort)",
            account: gatewayConfiguration.account)
    }

    /// Who listens where, and how the roles reach one another.
    private struct Network {
        enum Role { case store, gateway, edge, accelerate }

        let configuration: TestbedConfiguration
        let link: LinkNetwork?

        init(_ configuration: TestbedConfiguration, _ link: LinkNetwork?) {
            self.configuration = configuration
            self.link = link
        }

        var credentials: Credentials {
            configuration.store.credentials.first ?? Credentials(accessKey: "", secretKey: "")
        }

        /// Where a role itself listens: behind a link on any port that only this machine reaches,
        /// so that nobody goes round the link.
        func address(_ role: Role) -> ListenAddress {
            link == nil ? publicAddress(role) : loopback(0)
        }

        /// The port that clients are told: the role's own, or that of its link.
        func publish(_ role: Role, _ leg: LinkLeg, _ port: Int) throws -> Int {
            try link?.open(leg, listen: publicAddress(role), to: loopback(port)) ?? port
        }

        /// How another role reaches the store.
        func inner(_ leg: LinkLeg, _ role: ListenAddress) throws -> ListenAddress {
            try link.map { loopback(try $0.open(leg, listen: loopback(0), to: role)) } ?? role
        }

        /// How clients on this machine reach every role.
        var publicName: String { publicAddress(.store).localName }

        private func publicAddress(_ role: Role) -> ListenAddress {
            let port =
                switch role {
                case .store: configuration.storePort
                case .gateway: configuration.gatewayPort
                case .edge: configuration.edgePort
                case .accelerate: configuration.acceleratePort
                }
            return ListenAddress(host: configuration.host, port: port)
        }

        func loopback(_ port: Int) -> ListenAddress {
            ListenAddress(host: publicAddress(.store).loopbackName, port: port)
        }

        func gateway(store: Int, accelerate: Int) -> GatewayConfiguration {
            let bench = configuration.store
            var gateway = GatewayConfiguration(
                bucket: bench.bucket, region: bench.region, credentials: credentials,
                store: ListenAddress(host: configuration.host, port: store),
                token: configuration.token, now: bench.now)
            gateway.expiresSeconds = configuration.expiresSeconds
            gateway.keyPolicy = configuration.keyPolicy
            gateway.limits = configuration.limits
            gateway.acceleratePort = accelerate
            gateway.linkName = configuration.linkName
            gateway.bucketWithoutCORS = bench.bucketWithoutCORS
            gateway.remote = configuration.publicStore.map {
                RemoteStore(endpoint: $0, accelerated: nil)
            }
            return gateway
        }
    }
}
