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
                "service_time_s": Double(limits.serviceTimeNs) / 1e9,
            ],
            "edge": ["service_time_s": Double(configuration.edgeServiceTimeNs) / 1e9],
        ]
    }
}
