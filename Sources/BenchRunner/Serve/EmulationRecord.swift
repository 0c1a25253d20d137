import Foundation
import Testbed

/// Every emulated parameter in numbers, for whoever reads a result later.
enum EmulationRecord {
    static func object(_ configuration: TestbedConfiguration) -> [String: Any] {
        let limits = configuration.limits
        var legs: [String: Any] = [:]
        for leg in LinkLeg.allCases {
            guard let parameters = configuration.link?.parameters(leg),
                let data = try? JSONEncoder().encode(parameters),
                let object = try? JSONSerialization.jsonObject(with: data)
            else { continue }
            legs[leg.rawValue] = object
        }
        return [
            "legs": legs,
            "key_policy": configuration.keyPolicy.rawValue,
            "gateway": [
                "body_limit_bytes": limits.bodyBytes,
                "lambda_event_limit_bytes": limits.lambdaEventBytes,
                "header_limit_bytes": limits.headerBytes,
                "throttle_per_s": limits.throttlePerSecond,
                "throttle_burst": limits.throttleBurst,
                "lambda_concurrency": limits.lambdaConcurrency,
                "cold_start_share": limits.coldStartShare,
                "cold_start_s": Double(limits.coldStartNs) / 1e9,
                "integration_timeout_s": Double(limits.integrationTimeoutNs) / 1e9,
            ].merging(service(limits.service)) { $1 },
            "edge": service(configuration.edgeService),
            "store": store(configuration.storeLimits),
            "faults": FaultRole.allCases.flatMap { role in
                (configuration.faults[role] ?? []).map { fault(role, $0) }
            },
        ]
    }

    private static func fault(_ role: FaultRole, _ fault: Fault) -> [String: Any] {
        var object: [String: Any] = [
            "role": role.rawValue, "fault": fault.name, "share": fault.share,
        ]
        switch fault.kind {
        case .stall(let ns), .stallAnswer(let ns): object["time_s"] = Double(ns) / 1e9
        case .slowRead(let rate): object["bytes_per_s"] = rate
        default: break
        }
        return object
    }

    private static func store(_ limits: StoreLimits) -> [String: Any] {
        var object = service(limits.service)
        object["throttle_per_s"] = limits.throttlePerSecond ?? NSNull()
        object["throttle_burst"] = limits.throttleBurst
        return object
    }

    private static func service(_ service: ServiceTime) -> [String: Any] {
        var object: [String: Any] = [
            "service_time_s": Double(service.meanNs) / 1e9,
            "service_time_distribution": service.distribution.rawValue,
        ]
        object["servers"] = service.servers ?? NSNull()
        return object
    }
}
