import Foundation

/// What keeps a run from costing more than it should, and its bucket tidy.
struct SafetyPlan: Sendable {
    /// Hosts that may be loaded though they are not this machine.
    var yesLoad: [String]
    var maxBytes: Int64?
    var maxCost: Money?
    var cleansUp: Bool

    static let flags = [
        LoadConsent.flag,
        Flag(
            name: "max-bytes", valueName: "BYTES",
            help: "stop before more bytes of files than this are sent, repeated ones included"),
        Flag(
            name: "max-cost", valueName: "USD",
            help: "stop before AWS would bill more than this for the uploads, by the price book"),
        Flag(
            name: "clean",
            help:
                "delete the run's objects at its end (default: they stay; 'clean RUN' deletes them)"
        ),
    ]

    init(_ settings: Settings) throws(CommandError) {
        yesLoad = try settings.list("yes-load", default: [String]()) {
            text, _ throws(CommandError) in text
        }
        maxBytes = try settings.parsed("max-bytes", default: nil) {
            text, source throws(CommandError) in
            let bytes = try Quantities.bytes(text, source)
            guard bytes > 0 else { throw .usage("\(source) must be more than 0") }
            return bytes
        }
        maxCost = try settings.parsed("max-cost", default: nil) {
            text, source throws(CommandError) in
            guard let cost = Money(decimal: text.hasPrefix("$") ? String(text.dropFirst()) : text),
                cost > .zero, cost <= Money(attodollars: Self.largestCost)
            else {
                throw .usage("\(source): '\(text)' is not an amount of US dollars; write 5 or 0.50")
            }
            return cost
        }
        cleansUp = try settings.isOn("clean")
    }

    /// A million dollars.
    private static let largestCost: Int128 = 1_000_000_000_000_000_000_000_000
}
