/// What a million uploads like those of a run cost, by strategy and size, line by line.
struct RunCosts {
    struct Entry {
        let sizeBytes: Int64
        let invoice: Invoice
    }

    let entries: [Entry]
    let basis: CostBasis

    /// By the defaults of `cost`; strategies whose functions nobody timed are left out, and so is everything
    /// in a region without prices.
    init(_ evidence: CostEvidence, book: PriceBook = .embedded) {
        let basis = CostBasis(evidence)
        var sizes: [Int64] = []
        if case .listed(let shares)? = evidence.shares { sizes = shares.map(\.bytes) }
        self.basis = basis
        entries = sizes.flatMap { size in
            let million = [SizeClass(bytes: size, uploads: Quantity(1_000_000))]
            return evidence.strategies.compactMap { strategy -> Entry? in
                let isTimed = basis.lambdaTimes.measured[strategy] != nil
                guard isTimed || basis.signer == .local,
                    let invoice = try? Invoice.make(strategy, million, basis, book),
                    invoice.total != nil
                else { return nil }
                return Entry(sizeBytes: size, invoice: invoice)
            }
        }
    }
}

extension CostFigure {
    /// nil for a run that cannot be priced.
    static func make(_ costs: RunCosts) -> Figure? {
        let entries = costs.entries.map { entry in
            Entry(
                strategy: entry.invoice.strategy, sizeBytes: entry.sizeBytes,
                parts: PriceID.Service.allCases.compactMap { service in
                    let usd = entry.invoice.amount(service).dollars
                    return usd > 0 ? (service.rawValue, usd) : nil
                })
        }
        guard !entries.isEmpty else { return nil }
        let basis = costs.basis
        return make(
            entries, per: "per million uploads",
            notes: [
                "At AWS in \(basis.region) by the built-in price book, whose entries are dated ('uploadbench"
                    + " cost RUN --explain' shows each): \(basis.api.rawValue.uppercased()) API, functions of"
                    + " \(basis.lambdaMemoryMB) MB billed by what the embedded API measured, accelerated"
                    + " bytes at edge tier \(basis.edgeTier.rawValue), no free tier, no storage."
            ], sources: ["summary.csv", "samples.csv"])
    }
}
