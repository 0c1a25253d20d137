import Foundation

extension RunPlan {
    /// The cores that the target leaves over: all for one elsewhere, those without a role of the
    /// embedded endpoint, half beside another target on this machine.
    func defaultThreads(
        cores: Int = ProcessInfo.processInfo.activeProcessorCount
    ) -> Int {
        switch target {
        case .embedded: max(1, cores - embeddedRoles)
        case .url(let url): Self.isOnLoopback(url) ? max(1, cores / 2) : cores
        }
    }

    /// The roles that carry uploads, each on a thread of its own.
    private var embeddedRoles: Int {
        var roles = 1
        if signer == .gateway { roles += 1 }
        if scenarios.contains(.edgeRedirect) { roles += 1 }
        if scenarios.contains(where: \.isAccelerated) { roles += 1 }
        return roles
    }

    private static func isOnLoopback(_ url: String) -> Bool {
        let host = URLComponents(string: url)?.host?.lowercased() ?? ""
        return host == "localhost" || host.hasSuffix(".localhost") || host.hasPrefix("127.")
            || host == "::1" || host == "[::1]"
    }
}
