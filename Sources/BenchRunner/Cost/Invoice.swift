/// One line of a bill: a price, how much of it is used and why, and what that costs.
struct InvoiceLine: Sendable {
    let entry: PriceEntry
    let parts: [Usage.Part]
    /// All that is used, and what is left of it after the free tier.
    let quantity: Quantity
    let billed: Quantity
    /// The part of each of the entry's tiers that is used.
    let tiers: [TierUse]
    let amount: Money

    struct TierUse: Sendable {
        let quantity: Quantity
        let price: Money
    }

    init(_ entry: PriceEntry, _ parts: [Usage.Part], usesFreeTier: Bool) {
        self.entry = entry
        self.parts = parts
        let quantity = parts.reduce(Quantity.zero) { $0 + $1.quantity }
        self.quantity = quantity
        // Quantities are billionths of bytes, requests or MB × µs.
        let unit = entry.key.id.unit.baseUnits * Quantity.scale
        let free = usesFreeTier ? Int128(entry.free) * unit : 0
        let billed = max(0, quantity.billionths - free)
        self.billed = Quantity(billionths: billed)
        var amount = Money.zero
        var tiers: [TierUse] = []
        var below: Int128 = 0
        for tier in entry.tiers where billed > below {
            let upTo = tier.upTo.map { Int128($0) * unit } ?? billed
            let part = min(billed, upTo) - below
            amount += tier.price.price(of: part, per: unit * Int128(entry.per))
            tiers.append(TierUse(quantity: Quantity(billionths: part), price: tier.price))
            below = upTo
        }
        self.amount = amount
        self.tiers = tiers
    }
}

/// What a month of one strategy costs.
struct Invoice: Sendable {
    let strategy: Strategy
    let carried: Quantity
    let refused: Quantity
    let lines: [InvoiceLine]

    /// - Throws: a usage error that names the prices that the book lacks.
    init(
        _ strategy: Strategy, _ usage: Usage, _ basis: CostBasis, _ book: PriceBook
    ) throws(CommandError) {
        self.strategy = strategy
        carried = usage.carried
        refused = usage.refused
        var lines: [InvoiceLine] = []
        var missing: [String] = []
        for meter in usage.meters {
            guard let entry = book.entry(meter.id, region: basis.region, place: meter.place) else {
                missing.append(
                    meter.place.isEmpty
                        ? meter.id.rawValue : "\(meter.id.rawValue) (\(meter.place))")
                continue
            }
            lines.append(
                InvoiceLine(entry, usage.parts[meter] ?? [], usesFreeTier: basis.usesFreeTier))
        }
        guard missing.isEmpty else {
            throw .usage(
                "the price book has no \(missing.joined(separator: ", no ")) for --region"
                    + " \(basis.region); it knows \(book.regions.joined(separator: ", ")) (add prices"
                    + " with --prices FILE, begin with 'uploadbench cost --print-prices')")
        }
        self.lines = lines
    }

    /// nil when the strategy carries none of the files.
    var total: Money? {
        carried.billionths > 0 ? lines.reduce(.zero) { $0 + $1.amount } : nil
    }

    /// Of the uploads that it carries.
    var perMillion: Money? {
        guard let total else { return nil }
        return total.price(of: Quantity(1_000_000).billionths, per: carried.billionths)
    }

    var refusedShare: Double {
        let all = carried + refused
        return all.billionths > 0 ? refused.value / all.value : 0
    }

    /// Less than half an upload of the far end of a distribution is none.
    var carriesAll: Bool { refused.value < 0.5 }

    func amount(_ service: PriceID.Service) -> Money {
        lines.filter { $0.entry.key.id.service == service }.reduce(.zero) { $0 + $1.amount }
    }
}

extension Invoice {
    /// What the files of a month cost by one strategy.
    static func make(
        _ strategy: Strategy, _ classes: [SizeClass], _ basis: CostBasis, _ book: PriceBook
    ) throws(CommandError) -> Invoice {
        try Invoice(
            strategy, UsageFormulas(strategy, basis).usage(of: classes), basis, book)
    }
}
