import Foundation
import Presign

/// Reads a price book: `{"entries": [{"id", "region", "place", "unit", "per", "tiers": [{"up_to",
/// "usd"}], "free", "source", "date", "status"}]}`. Numbers are read as they are written, never as
/// binary fractions.
enum PriceBookReader {
    static let fileLimitBytes = 4 << 20
    /// Dollars per priced unit; what is above is a slip of the point.
    private static let dearest = Money(attodollars: 100_000_000_000_000_000_000)
    private static let entryKeys = [
        "id", "region", "place", "unit", "per", "tiers", "free", "source", "date", "status", "note",
    ]

    /// `--prices FILE`, over the built-in book: entries with the same id, region and place take the
    /// place of the built-in ones, others are added.
    static func overlay(_ path: String) throws(CommandError) -> PriceBook {
        let bytes = try InputFile.read(path, for: "--prices", limit: fileLimitBytes)
        return PriceBook.embedded.overlaid(with: try read(bytes, name: path))
    }

    static func read(_ bytes: [UInt8], name: String) throws(CommandError) -> PriceBook {
        guard let document = try? JSONParser.parse(bytes) else {
            throw .usage("--prices: '\(name)' is not valid JSON")
        }
        guard let members = document.object, let list = document["entries"]?.array else {
            throw .usage(
                "--prices: '\(name)' must be an object with a list of 'entries'; see"
                    + " 'uploadbench cost --print-prices'")
        }
        try checkKeys(members.map(\.name), ["about", "entries"], "'\(name)'")
        var entries: [PriceEntry] = []
        for (index, value) in list.enumerated() {
            let entry = try Self.entry(value, "'\(name)', entry \(index + 1)")
            guard !entries.contains(where: { $0.key == entry.key }) else {
                throw .usage("--prices: '\(name)', entry \(index + 1): \(entry.name) stands twice")
            }
            entries.append(entry)
        }
        return PriceBook(entries)
    }

    private static func entry(
        _ value: JSONValue, _ position: String
    ) throws(CommandError) -> PriceEntry {
        guard let members = value.object else {
            throw .usage("--prices: \(position) is not an object")
        }
        try checkKeys(members.map(\.name), entryKeys, position)
        let name = try text(value, "id", position)
        guard let id = PriceID(rawValue: name) else {
            let known = PriceID.allCases.map(\.rawValue)
            let hint = nearest(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ""
            throw .usage("--prices: \(position): unknown id '\(name)'\(hint)")
        }
        let place = try place(value, id, position)
        let unit = try text(value, "unit", position)
        guard unit == id.unit.rawValue else {
            throw .usage(
                "--prices: \(position): \(name) is priced by the \(id.unit.rawValue), not by the '\(unit)'"
            )
        }
        return PriceEntry(
            key: .init(id: id, region: try text(value, "region", position), place: place),
            per: try count(value, "per", position) ?? 1, tiers: try tiers(value, position),
            free: try value["free"].map { _ throws(CommandError) in
                try count(value, "free", position) ?? 0
            } ?? 0,
            source: try text(value, "source", position), date: try date(value, position),
            status: value["status"]?.string ?? "")
    }

    private static func place(
        _ value: JSONValue, _ id: PriceID, _ position: String
    ) throws(CommandError) -> String {
        guard !id.places.isEmpty else {
            guard value["place"] == nil else {
                throw .usage("--prices: \(position): \(id.rawValue) has no 'place'")
            }
            return ""
        }
        let place = try text(value, "place", position)
        guard id.places.contains(place) else {
            throw .usage(
                "--prices: \(position): 'place' of \(id.rawValue) is one of"
                    + " \(id.places.joined(separator: ", ")), not '\(place)'")
        }
        return place
    }

    private static func tiers(
        _ value: JSONValue, _ position: String
    ) throws(CommandError) -> [PriceEntry.Tier] {
        guard let list = value["tiers"]?.array, !list.isEmpty else {
            throw .usage("--prices: \(position) needs 'tiers', such as [{\"usd\": 0.005}]")
        }
        var tiers: [PriceEntry.Tier] = []
        for (index, tier) in list.enumerated() {
            let place = "\(position), tier \(index + 1)"
            try checkKeys((tier.object ?? []).map(\.name), ["up_to", "usd"], place)
            guard let text = tier["usd"]?.number ?? tier["usd"]?.string else {
                throw .usage("--prices: \(place) needs 'usd', a number")
            }
            guard let price = Money(decimal: text), price <= dearest else {
                throw .usage(
                    "--prices: \(place): '\(text)' is no price from 0 to 100 USD written as a decimal"
                )
            }
            let upTo = try count(tier, "up_to", place)
            let isLast = index == list.count - 1
            guard (upTo == nil) == isLast else {
                throw .usage("--prices: \(place): every tier but the last one needs 'up_to'")
            }
            if let upTo, upTo <= tiers.last?.upTo ?? 0 {
                throw .usage("--prices: \(place): 'up_to' must be more than the tier's before it")
            }
            tiers.append(PriceEntry.Tier(upTo: upTo, price: price))
        }
        return tiers
    }

    /// A whole number from 1; nil where the key is absent.
    private static func count(
        _ value: JSONValue, _ key: String, _ position: String
    ) throws(CommandError) -> Int64? {
        guard let given = value[key] else { return nil }
        guard let count = given.number.flatMap({ Int64($0) }), (1...Int64(1e15)).contains(count)
        else {
            throw .usage("--prices: \(position): '\(key)' must be a whole number from 1")
        }
        return count
    }

    private static func date(
        _ value: JSONValue, _ position: String
    ) throws(CommandError) -> String {
        let date = try text(value, "date", position)
        let pattern = date.map { $0.isASCII && $0.isNumber ? "0" : String($0) }.joined()
        guard pattern == "0000-00-00" else {
            throw .usage("--prices: \(position): 'date' is written 2026-09-20, not '\(date)'")
        }
        return date
    }

    private static func text(
        _ value: JSONValue, _ key: String, _ position: String
    ) throws(CommandError) -> String {
        guard let text = value[key]?.string, !text.isEmpty else {
            throw .usage("--prices: \(position) needs '\(key)', a text")
        }
        return text
    }

    private static func checkKeys(
        _ names: [String], _ known: [String], _ position: String
    ) throws(CommandError) {
        for name in names where !known.contains(name) {
            let hint = nearest(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ""
            throw .usage("--prices: \(position): unknown key '\(name)'\(hint)")
        }
        guard Set(names).count == names.count else {
            throw .usage("--prices: \(position): a key stands twice")
        }
    }
}
