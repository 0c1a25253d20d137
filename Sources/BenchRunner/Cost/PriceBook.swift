import Foundation

/// What a price is asked for; the raw value is the entry's `id` in a price book.
enum PriceID: String, CaseIterable, Sendable {
    case httpCall = "api-http-call"
    case restCall = "api-rest-call"
    case lambdaRequest = "lambda-request"
    case lambdaDuration = "lambda-duration"
    case edgeFunctionRequest = "edge-function-request"
    case edgeFunctionDuration = "edge-function-duration"
    case cloudFrontRequest = "cloudfront-request"
    case s3Write = "s3-write-request"
    case s3Read = "s3-read-request"
    case acceleratedIn = "accelerated-in"
    case dataIn = "data-in"
    case dataOut = "data-out"
    case s3Storage = "s3-storage"

    var unit: PriceUnit {
        switch self {
        case .lambdaDuration, .edgeFunctionDuration: .gibibyteSecond
        case .acceleratedIn, .dataIn, .dataOut: .gibibyte
        case .s3Storage: .gibibyteMonth
        default: .request
        }
    }

    /// What else the price depends on besides the region; empty: nothing.
    var places: [String] {
        switch self {
        case .acceleratedIn: EdgeTier.allCases.map(\.rawValue)
        case .lambdaDuration: LambdaArchitecture.allCases.map(\.rawValue)
        case .cloudFrontRequest: EdgeLocation.allCases.map(\.rawValue)
        default: []
        }
    }

    /// The column of the table that its lines add up in.
    var service: Service {
        switch self {
        case .httpCall, .restCall: .api
        case .lambdaRequest, .lambdaDuration: .lambda
        case .edgeFunctionRequest, .edgeFunctionDuration, .cloudFrontRequest: .cloudFront
        case .s3Write, .s3Read: .s3
        case .acceleratedIn: .acceleration
        case .dataIn, .dataOut: .data
        case .s3Storage: .storage
        }
    }

    enum Service: String, CaseIterable, Sendable {
        case api = "API"
        case lambda = "Lambda"
        case cloudFront = "CloudFront"
        case s3 = "S3 requests"
        case acceleration = "acceleration"
        case data = "data"
        case storage = "storage"
    }
}

/// The raw value is what a price book writes.
enum PriceUnit: String, CaseIterable, Sendable {
    case request
    case gibibyte = "GB"
    case gibibyteSecond = "GB-second"
    case gibibyteMonth = "GB-month"

    /// What quantities count: requests, bytes, MB × µs, bytes × months. S3 divides by 2³⁰ (S3 FAQ); a
    /// Lambda GB is 1,024 MB.
    var baseUnits: Int128 {
        switch self {
        case .request: 1
        case .gibibyte, .gibibyteMonth: 1 << 30
        case .gibibyteSecond: 1024 * 1_000_000
        }
    }
}

/// By which edges Transfer Acceleration took the bytes: it has one price for edges in the United States,
/// Europe and Japan and another for the rest, and none where it would not have been faster.
enum EdgeTier: String, CaseIterable, Sendable {
    case one = "1"
    case two = "2"
    case free
}

enum LambdaArchitecture: String, CaseIterable, Sendable {
    case x86, arm
}

/// CloudFront's groups of edges.
enum EdgeLocation: String, CaseIterable, Sendable {
    case us, europe, africa, japan, asia, india, australia
    case southAmerica = "south-america"

    var tier: EdgeTier { [.us, .europe, .japan].contains(self) ? .one : .two }
}

/// One price, and where it was read.
struct PriceEntry: Sendable, Equatable {
    struct Key: Hashable, Sendable {
        let id: PriceID
        /// `*`: the same in every region.
        let region: String
        /// Empty where the price depends on the region alone.
        let place: String
    }

    struct Tier: Sendable, Equatable {
        /// In units; nil: the last one.
        let upTo: Int64?
        var price: Money
    }

    let key: Key
    /// So many units have the tier's price.
    let per: Int64
    var tiers: [Tier]
    /// Units per month that cost nothing.
    let free: Int64
    let source: String
    let date: String
    let status: String

    /// `$1.00, then $0.90 per 1,000,000 requests`.
    var readablePrice: String {
        let unit = key.id.unit == .request ? "requests" : key.id.unit.rawValue
        let units = per == 1 ? unit : "\(grouped(String(per))) \(unit)"
        return tiers.map(\.price.exact).joined(separator: ", then ") + " per \(units)"
    }

    var name: String { key.place.isEmpty ? key.id.rawValue : "\(key.id.rawValue) (\(key.place))" }
}

/// Prices by what they are for.
struct PriceBook: Sendable {
    private(set) var entries: [PriceEntry]

    init(_ entries: [PriceEntry]) { self.entries = entries }

    static let allRegions = "*"

    func entry(_ id: PriceID, region: String, place: String = "") -> PriceEntry? {
        let candidates = entries.filter { $0.key.id == id && $0.key.place == place }
        return candidates.first { $0.key.region == region }
            ?? candidates.first { $0.key.region == Self.allRegions }
    }

    /// Regions that any entry names, in the order of the book.
    var regions: [String] {
        entries.map(\.key.region).reduce(into: []) { regions, region in
            if region != Self.allRegions, !regions.contains(region) { regions.append(region) }
        }
    }

    /// These entries with the others in their place, or after them where they are new.
    func overlaid(with newer: PriceBook) -> PriceBook {
        var entries = entries
        for entry in newer.entries {
            if let index = entries.firstIndex(where: { $0.key == entry.key }) {
                entries[index] = entry
            } else {
                entries.append(entry)
            }
        }
        return PriceBook(entries)
    }

    /// The book in the binary; a test reads it, so it is always right.
    static let embedded: PriceBook =
        (try? PriceBookReader.read(PackageResources.prices_json, name: "prices.json"))
        ?? PriceBook([])

    static var embeddedText: String {
        String(decoding: PackageResources.prices_json, as: UTF8.self)
    }
}
