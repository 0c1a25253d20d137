import Foundation
import Transfer

/// Nobody loads somebody else's machine by a slip: every host that is not this one must be named.
enum LoadConsent {
    static let flag = Flag(
        name: "yes-load", valueName: "HOST",
        help: "allow load on a host that is not this machine; a list for several")

    /// - Throws: a usage error that names the hosts that are missing.
    static func check(_ plan: RunPlan) throws(CommandError) {
        guard case .url(let store) = plan.target else { return }
        let urls = [store, plan.gatewayURL, plan.edgeURL, plan.accelerateURL].compactMap { $0 }
        let named = plan.safety.yesLoad.map { $0.lowercased() }
        var hosts: [String] = []
        for host in urls.compactMap(host) where !hosts.contains(host) { hosts.append(host) }
        let missing = hosts.filter { !isLoopback($0) && !named.contains($0) }
        guard let first = missing.first else { return }
        let verb = missing.count == 1 ? "is" : "are"
        throw .usage(
            "\(missing.joined(separator: ", ")) \(verb) not this machine: uploadbench puts as much load on"
                + " a target as it can, and its owner pays. If you may, add --yes-load"
                + " \(missing.joined(separator: ",")) (and --max-bytes or --max-cost to bound it);"
                + " 'uploadbench doctor' looks at \(first) without loading it")
    }

    /// Names and addresses that never leave the machine (RFC 6761 §6.3, RFC 1122 §3.2.1.3, RFC 4291
    /// §2.5.3). A name that only resolves to one could be another's tomorrow.
    static func isLoopback(_ host: String) -> Bool {
        let host = host.lowercased()
        if host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]" { return true }
        var address = in_addr()
        guard inet_pton(AF_INET, host, &address) == 1 else { return false }
        return UInt32(bigEndian: address.s_addr) >> 24 == 127
    }

    private static func host(_ url: String) -> String? {
        Origin(url: url)?.host.lowercased()
    }
}
