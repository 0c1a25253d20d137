/// Each amount of one strategy: its formula with the numbers in it, and where its price was read.
struct CostExplanation {
    let invoice: Invoice
    let basis: CostBasis

    init(_ invoice: Invoice, _ basis: CostBasis) {
        self.invoice = invoice
        self.basis = basis
    }

    var text: String {
        let total = invoice.total.map { "\($0.readable) for \(invoice.carried.readable) uploads" }
        let lines = invoice.lines.flatMap(Self.lines)
        return ([invoice.strategy.rawValue + ": " + (total ?? "carries none of them")] + lines)
            .joined(separator: "\n")
    }

    private static func lines(_ line: InvoiceLine) -> [String] {
        ["  \(line.entry.name): \(formula(line))"]
            + line.parts.map { part in
                let detail = part.detail.isEmpty ? "" : " × \(part.detail)"
                let isPlain = part.count == part.quantity
                let sum =
                    isPlain ? "" : " = \(amount(part.quantity, line.entry.key.id.unit))"
                let what = part.detail.hasPrefix("in ") ? " \(part.detail)" : detail
                return "      \(part.count.readable) \(part.label)\(what)\(sum)"
            } + ["      price: \(line.entry.source) (\(line.entry.date), \(line.entry.status))"]
    }

    /// `20,000,000 requests × $1.00 per 1,000,000 requests = $20.00`.
    static func formula(_ line: InvoiceLine) -> String {
        let unit = line.entry.key.id.unit
        let per = perText(line.entry)
        guard line.quantity.billionths > line.billed.billionths || line.tiers.count != 1 else {
            let tier = line.tiers[0]
            return
                "\(amount(tier.quantity, unit)) × \(tier.price.exact) \(per) = \(line.amount.readable)"
        }
        let free = Quantity(billionths: line.quantity.billionths - line.billed.billionths)
        let freeText = free.billionths > 0 ? ["\(amount(free, unit)) free"] : []
        let tiers = line.tiers.map { "\(amount($0.quantity, unit)) × \($0.price.exact) \(per)" }
        let terms = freeText + tiers
        return (terms.isEmpty ? amount(line.quantity, unit) : terms.joined(separator: " + "))
            + " = \(line.amount.readable)"
    }

    private static func perText(_ entry: PriceEntry) -> String {
        let unit = entry.key.id.unit
        guard unit == .request else { return "per \(unit.rawValue)" }
        return entry.per == 1 ? "per request" : "per \(grouped(String(entry.per)))"
    }

    static func units(_ quantity: Quantity, _ unit: PriceUnit) -> Double {
        quantity.value / Double(unit.baseUnits)
    }

    private static func amount(_ quantity: Quantity, _ unit: PriceUnit) -> String {
        guard unit != .request else { return "\(quantity.readable) requests" }
        return Quantity(measured: units(quantity, unit)).readable + " " + unit.rawValue
    }
}
