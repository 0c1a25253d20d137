/// What the user's uploads have to hold.
struct Needs: Sendable {
    enum Preference: String, CaseIterable, Sendable {
        case cheapest, fastest, simplest
    }

    /// The largest file that must pass.
    var maxBytes: Int64?
    /// As it was typed: `20MB` reads better than what it is in MiB.
    var maxText: String?
    /// Those that a strategy either meets or not.
    var required: [Need] = []
    var isFromBrowser = false
    /// Per month.
    var budget: Money?
    var preference = Preference.cheapest

    init() {}

    init(_ settings: Settings) throws(CommandError) {
        maxBytes = try settings.value("max-size").map { value throws(CommandError) in
            let bytes = try Quantities.bytes(value.text, value.source)
            guard bytes > 0, bytes <= SizeShares.largestBytes else {
                throw .usage("\(value.source): '\(value.text)' is no size of an S3 object")
            }
            return bytes
        }
        maxText = settings.text("max-size")
        for need in [Need.mustLimitSize, .mustCheckType, .mustNotOverwrite, .mustReview]
        where try settings.isOn(need.rawValue) {
            required.append(need)
        }
        isFromBrowser = try settings.isOn(Need.browser.rawValue)
        budget = try settings.value("budget").map { value throws(CommandError) in
            let digits = value.text.hasPrefix("$") ? String(value.text.dropFirst()) : value.text
            guard let budget = Money(decimal: digits), budget > .zero else {
                throw .usage("\(value.source): '\(value.text)' is no amount of USD; write 500")
            }
            return budget
        }
        preference = try settings.choice("prefer", default: preference)
    }

    var maxSize: String? { maxText ?? maxBytes.map { Readable.bytes($0) } }

    var text: String {
        var words: [String] = []
        if let maxSize { words.append("files up to \(maxSize)") }
        if isFromBrowser { words.append("from browsers") }
        words += required.map {
            switch $0 {
            case .mustLimitSize: "an enforced size limit"
            case .mustCheckType: "a checked type"
            case .mustNotOverwrite: "no overwriting"
            default: "a review"
            }
        }
        if let budget { words.append("at most \(budget.readable) a month") }
        return words.isEmpty ? "no needs stated" : words.joined(separator: ", ")
    }
}
