/// `cost_usd_per_million`: what a million uploads like those of a cell cost, by the code of `cost` and its
/// defaults.
struct CellCost {
    private let basis: CostBasis
    private let book: PriceBook

    init(_ plan: RunPlan, region: String, book: PriceBook = .embedded) {
        var basis = CostBasis()
        basis.region = region
        basis.client = plan.client.kind
        basis.signer = plan.signer
        basis.partBytes = plan.client.partBytes
        basis.proxyLimits = plan.proxyLimits
        self.basis = basis
        self.book = book
    }

    /// nil for a cell without successes, a region without prices, and an API whose functions nobody
    /// timed.
    func perMillion(_ result: CellResult) -> Money? {
        let measured = result.measurements
        let strategy = result.cell.scenario
        guard measured.uploads > 0 else { return nil }
        let sizeBytes = measured.goodputBytes / Int64(measured.uploads)
        var basis = basis
        if basis.signer == .gateway {
            guard let ms = result.lambdaBilledMsPerUpload else { return nil }
            basis.lambdaTimes.measured = [
                strategy: [.init(sizeBytes: sizeBytes, msPerUpload: ms)]
            ]
        }
        basis.measured = [strategy: MeasuredExtras(measured)]
        let million = [SizeClass(bytes: sizeBytes, uploads: Quantity(1_000_000))]
        return try? Invoice.make(strategy, million, basis, book).perMillion
    }
}

extension MeasuredExtras {
    init(_ measured: CellMeasurements) {
        let uploads = Double(measured.uploads)
        let all = Double(measured.uploads + measured.errors)
        receivedBytesPerUpload = all > 0 ? Double(measured.receivedBytes) / all : nil
        failures = measured.failures.map { failure, count in
            FailureRate(
                httpStatus: failure.httpStatus, errorCode: failure.errorCode,
                perUpload: Double(count) / uploads)
        }.sorted { ($0.perUpload, $0.errorCode) > ($1.perUpload, $1.errorCode) }
    }
}
