import Foundation

/// What an uploader may ask of a strategy; the raw value is the flag, and the `need` of a fact.
enum Need: String, CaseIterable, Sendable, Decodable {
    case maxSize = "max-size"
    case mustLimitSize = "must-limit-size"
    case mustCheckType = "must-check-type"
    case mustNotOverwrite = "must-not-overwrite"
    case mustReview = "must-review"
    case browser
}

/// Whether a strategy satisfies a need, and where that is documented.
struct CapabilityFact: Sendable, Decodable {
    let id: String
    let need: Need
    let scenarios: [Strategy]
    let meets: Bool
    let text: String
    let source: String
    let date: String
    /// What would make it meet the need.
    let remedy: String?
    /// The case of `guard` that tries it out.
    let guardCase: String?

    enum CodingKeys: String, CodingKey {
        case id, need, scenarios, meets, text, source, date, remedy
        case guardCase = "guard_case"
    }
}

extension Strategy: Decodable {}

/// `capabilities.json`: what each strategy can enforce, and what has to be set up for it.
struct Capabilities: Sendable, Decodable {
    struct Services: Sendable, Decodable {
        let scenario: Strategy
        let services: [String]
    }

    let services: [Services]
    let facts: [CapabilityFact]

    func fact(_ strategy: Strategy, _ need: Need) -> CapabilityFact? {
        facts.first { $0.need == need && $0.scenarios.contains(strategy) }
    }

    func services(_ strategy: Strategy) -> [String] {
        services.first { $0.scenario == strategy }?.services ?? []
    }

    /// The file in the binary; a test reads it, so it is always right.
    static let embedded: Capabilities =
        (try? JSONDecoder().decode(
            Capabilities.self, from: Data(PackageResources.capabilities_json)))
        ?? Capabilities(services: [], facts: [])
}
