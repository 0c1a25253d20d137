import Scenarios

/// The run's budget as the workers of one cell ask it: what an upload costs depends on the strategy.
struct CellBudget: Sendable {
    let budget: LoadBudget
    /// By file size.
    let picodollars: [Int64: Int64]

    /// - Throws: a usage error for a region without prices, when costs are bounded.
    init?(
        _ budget: LoadBudget, _ cell: Cell, _ workload: Workload, _ plan: RunPlan, region: String
    ) throws(CommandError) {
        guard budget.hasLimit else { return nil }
        self.budget = budget
        guard budget.maxPicodollars != nil else {
            picodollars = [:]
            return
        }
        var basis = CostBasis()
        basis.region = region
        basis.client = plan.client.kind
        basis.signer = plan.signer
        basis.partBytes = plan.client.partBytes
        var known: [Int64: Int64] = [:]
        let sizes = workload.isFiles ? workload.entries.map(\.sizeBytes) : [cell.sizeBytes ?? 0]
        for size in sizes where known[size] == nil {
            let million = [SizeClass(bytes: size, uploads: Quantity(1_000_000))]
            let invoice = try Invoice.make(cell.scenario, million, basis, .embedded)
            // A millionth of 10⁻¹⁸ USD is 10⁻¹² USD; rounded up, so that it is never less.
            let atto = invoice.perMillion?.attodollars ?? 0
            known[size] = Int64((atto / 1_000_000 + 999_999) / 1_000_000)
        }
        picodollars = known
    }

    func takeUpload(_ sizeBytes: Int64) -> Bool {
        budget.take(bytes: sizeBytes, picodollars: picodollars[sizeBytes] ?? 0)
    }

    /// Another attempt of one request: its bytes go out again, and its price is at most an upload's.
    func takeRepetition(_ bytes: Int64) -> Bool {
        budget.take(bytes: bytes, picodollars: picodollars.values.max() ?? 0)
    }
}
