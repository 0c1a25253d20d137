import Foundation
import Testing

@testable import BenchRunner

@Suite struct PriceBookTests {
    private static let entry = """
        {"id": "s3-write-request", "region": "us-east-1", "unit": "request", "per": 1000,
         "tiers": [{"usd": 0.005}], "source": "list", "date": "2026-01-01"}
        """

    private func read(_ text: String) throws -> PriceBook {
        try PriceBookReader.read(Array(text.utf8), name: "p.json")
    }

    @Test func `the built-in book prices everything in us-east-1, with a source and a date`() throws
    {
        let book = try read(PriceBook.embeddedText)
        #expect(book.entries == PriceBook.embedded.entries)
        for id in PriceID.allCases {
            for place in id.places.isEmpty ? [""] : id.places {
                let entry = book.entry(id, region: "us-east-1", place: place)
                #expect(entry != nil, "\(id.rawValue) \(place)")
                #expect(entry?.source.isEmpty == false)
            }
        }
    }

    @Test func `newer entries take the place of their like, and others are added`() throws {
        let newer = try read(
            #"{"entries": [\#(Self.entry.replacingOccurrences(of: "0.005", with: "0.006")),"#
                + Self.entry.replacingOccurrences(of: "us-east-1", with: "eu-west-1") + "]}")
        let book = PriceBook.embedded.overlaid(with: newer)
        #expect(book.entries.count == PriceBook.embedded.entries.count + 1)
        #expect(
            book.entry(.s3Write, region: "us-east-1")?.tiers.first?.price.exact == "$0.006")
        #expect(book.regions == ["us-east-1", "eu-west-1"])
    }

    @Test func `a region without some price names what is missing`() throws {
        let newer = try read(
            #"{"entries": [\#(Self.entry.replacingOccurrences(of: "us-east-1", with: "eu-west-1"))]}"#
        )
        let error = #expect(throws: CommandError.self) {
            try PricedMillion(.presignedPut, book: PriceBook.embedded.overlaid(with: newer)) {
                $0.region = "eu-west-1"
            }
        }
        let message = error?.message ?? ""
        for id in ["api-http-call", "lambda-request", "lambda-duration (x86)", "s3-read-request"] {
            #expect(message.contains(id), "\(message)")
        }
        #expect(!message.contains("s3-write-request"))
    }

    @Test(arguments: [
        ("", "not valid JSON"), ("[]", "list of 'entries'"), ("{\"entries\": {}}", "list of"),
        ("{\"entries\": [1]}", "not an object"), ("{\"entrys\": []}", "list of 'entries'"),
        ("{\"entries\": [], \"tax\": 1}", "unknown key 'tax'"),
        ("{\"entries\": [{}]}", "needs 'id'"),
    ])
    func `a file that is no price book says what it should be`(text: String, part: String) {
        let error = #expect(throws: CommandError.self) { try read(text) }
        #expect(error?.message.contains(part) ?? false, "\(error?.message ?? "")")
        #expect(error?.exitCode == .usage)
    }

    @Test(arguments: [
        ("\"s3-write-request\"", "\"s3-write-requests\"", "did you mean 's3-write-request'"),
        ("\"request\"", "\"GB\"", "priced by the request"),
        ("0.005", "-0.005", "no price"), ("0.005", "1e-3", "no price"),
        ("0.005", "101", "no price"),
        ("0.005", "\"free\"", "no price"), ("0.005", "null", "needs 'usd'"),
        ("{\"usd\": 0.005}", "", "needs 'tiers'"), ("{\"usd\": 0.005}", "7", "needs 'usd'"),
        ("{\"usd\": 0.005}", "{\"usd\": 1}, {\"usd\": 2}", "needs 'up_to'"),
        ("{\"usd\": 0.005}", "{\"usd\": 1, \"up_to\": 5}", "needs 'up_to'"),
        (
            "{\"usd\": 0.005}",
            "{\"up_to\": 5, \"usd\": 1}, {\"up_to\": 5, \"usd\": 1}, {\"usd\": 1}",
            "must be more"
        ),
        ("1000", "0", "whole number"), ("1000", "1.5", "whole number"),
        ("1000", "99999999999999999999", "whole number"),
        ("\"2026-01-01\"", "\"January\"", "written 2026-09-20"),
        ("\"list\"", "\"\"", "needs 'source'"),
        ("\"source\"", "\"sauce\"", "did you mean 'source'"),
        ("\"per\"", "\"place\": \"1\", \"per\"", "has no 'place'"),
        ("\"per\": 1000", "\"per\": 1000, \"per\": 1", "stands twice"),
    ])
    func `a hostile entry is refused by its position`(old: String, new: String, part: String) {
        let text = "{\"entries\": [\(Self.entry.replacingOccurrences(of: old, with: new))]}"
        let error = #expect(throws: CommandError.self) { try read(text) }
        #expect(error?.message.contains(part) ?? false, "\(error?.message ?? "")")
        #expect(error?.message.contains("entry 1") ?? false)
    }

    @Test func `two entries for the same thing are refused`() {
        let error = #expect(throws: CommandError.self) {
            try read("{\"entries\": [\(Self.entry), \(Self.entry)]}")
        }
        #expect(error?.message.contains("entry 2") ?? false)
    }

    // MARK: Which lines a price is in

    /// Which strategies a price must show in when every place is the default and the API is HTTP.
    private static let users: [PriceID: [Strategy]] = [
        .httpCall: Strategy.allCases, .restCall: [.proxyBinary],
        .lambdaRequest: Strategy.allCases, .lambdaDuration: Strategy.allCases,
        .edgeFunctionRequest: [.edgeRedirect], .edgeFunctionDuration: [.edgeRedirect],
        .cloudFrontRequest: [.edgeRedirect], .s3Write: Strategy.allCases,
        .s3Read: Strategy.allCases,
        .acceleratedIn: [.acceleratedPut, .acceleratedPost, .acceleratedMultipart],
        .dataIn: Strategy.allCases, .dataOut: Strategy.allCases, .s3Storage: Strategy.allCases,
    ]

    private static func invoices(_ book: PriceBook, place: String) throws -> [Invoice] {
        try Strategy.allCases.map { strategy in
            try PricedMillion(strategy, bytes: 300_000, uploads: 1000, book: book) {
                $0.storageMonths = 1
                $0.edgeTier = EdgeTier(rawValue: place) ?? .one
                $0.architecture = LambdaArchitecture(rawValue: place) ?? .x86
                $0.edgeLocation = EdgeLocation(rawValue: place) ?? .us
                $0.measured[strategy] = MeasuredExtras(receivedBytesPerUpload: 500)
            }.invoice
        }
    }

    @Test(arguments: PriceBook.embedded.entries.indices)
    func `changing one price changes exactly its lines, and the sums by as much`(index: Int) throws
    {
        let entry = PriceBook.embedded.entries[index]
        var dearer = entry
        for tier in dearer.tiers.indices {
            dearer.tiers[tier].price += Money(attodollars: 1_000_000_000_000_000)
        }
        let changed = PriceBook.embedded.overlaid(with: PriceBook([dearer]))
        // With the entry's own place in use its lines change, with another one none does.
        let places = entry.key.id.places
        let others = places.filter { $0 != entry.key.place }.prefix(1)
        for place in [entry.key.place] + others {
            let before = try Self.invoices(.embedded, place: place)
            let after = try Self.invoices(changed, place: place)
            for (old, new) in zip(before, after) {
                let differing = zip(old.lines, new.lines).filter { $0.amount != $1.amount }
                let isUsed =
                    place == entry.key.place
                    && (Self.users[entry.key.id] ?? []).contains(old.strategy)
                #expect(differing.map(\.0.entry.key) == (isUsed ? [entry.key] : []))
                let difference = differing.reduce(Money.zero) { $0 + ($1.1.amount - $1.0.amount) }
                #expect(try #require(new.total) - (try #require(old.total)) == difference)
            }
        }
    }

    @Test func `the lines add up to the total and to the services`() throws {
        for invoice in try Self.invoices(.embedded, place: "") {
            let byService = PriceID.Service.allCases.reduce(Money.zero) {
                $0 + invoice.amount($1)
            }
            #expect(invoice.total == byService)
        }
    }
}
