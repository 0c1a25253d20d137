import Scenarios

/// The formulas: what each request of a strategy uses.
struct UsageFormulas {
    let strategy: Strategy
    let basis: CostBasis
    /// Of one upload of one part.
    let requests: [BilledRequest]

    init(_ strategy: Strategy, _ basis: CostBasis) {
        self.strategy = strategy
        self.basis = basis
        requests =
            RequestWalk(strategy: strategy, client: basis.client, signer: basis.signer).requests()
    }

    func usage(of classes: [SizeClass]) -> Usage {
        var usage = Usage()
        let largest = basis.largestBytes(strategy)
        for size in classes {
            guard size.bytes <= largest else {
                usage.refused += size.uploads
                continue
            }
            usage.carried += size.uploads
            addUploads(size, to: &usage)
        }
        addFailures(to: &usage)
        return usage
    }

    // MARK: Uploads

    private func addUploads(_ size: SizeClass, to usage: inout Usage) {
        for request in requests {
            let times = request.isPerPart ? partCount(size.bytes) : 1
            add(request, size.uploads.times(times), fileBytes: size.bytes, to: &usage)
        }
        addFunctionTime(size, to: &usage)
        addBytes(size, to: &usage)
    }

    private func partCount(_ bytes: Int64) -> Int64 {
        // Sizes that the plan refuses are refused before.
        Int64(PartPlan(objectBytes: bytes, partBytes: basis.partBytes)?.count ?? 1)
    }

    private func add(
        _ request: BilledRequest, _ count: Quantity, fileBytes: Int64, to usage: inout Usage
    ) {
        switch request.role {
        case .api:
            addCall(request, count, fileBytes: fileBytes, to: &usage)
            addFunction(request, count, to: &usage)
        case .edge:
            let place = basis.edgeLocation.rawValue
            usage.add(
                .init(id: .cloudFrontRequest, place: place), .requests(request.name, count))
            usage.add(.init(id: .edgeFunctionRequest), .requests(request.name, count))
            usage.add(
                .init(id: .edgeFunctionDuration),
                .duration(
                    request.name, count, ms: basis.edgeFunctionMs,
                    memoryMB: basis.edgeFunctionMemoryMB))
        case .store, .accelerate:
            // Preflights are requests of the cheaper kind (S3, "GET and all other requests"); that
            // they are billed at all is likely, not confirmed.
            let isWrite = ["PUT", "POST"].contains(request.method)
            usage.add(.init(id: isWrite ? .s3Write : .s3Read), .requests(request.name, count))
        }
    }

    private func addCall(
        _ request: BilledRequest, _ count: Quantity, fileBytes: Int64, to usage: inout Usage
    ) {
        guard basis.api == .http, !request.needsREST else {
            usage.add(.init(id: .restCall), .requests(request.name, count))
            return
        }
        let body = request.bodyBytes(fileBytes: fileBytes)
        let meters = max(1, (body - 1) / CostBasis.meterBytes + 1)
        usage.add(
            .init(id: .httpCall),
            Usage.Part(
                request.name, count: count,
                detail: request.carriesFile ? "in increments of 512 KB of its body" : "",
                quantity: count.times(meters)))
    }

    /// An invocation, and what the function asks of S3 itself.
    private func addFunction(
        _ request: BilledRequest, _ count: Quantity, to usage: inout Usage
    ) {
        if request.needsREST, !request.isPreflight {
            usage.add(.init(id: .s3Write), .requests("PutObject by the API", count))
        }
        guard let function = request.function else { return }
        usage.add(.init(id: .lambdaRequest), .requests(request.name, count))
        switch function {
        case .sign: break
        case .multipart:
            usage.add(.init(id: .s3Write), .requests("CreateMultipartUpload by the API", count))
        case .image:
            usage.add(.init(id: .s3Write), .requests("PutObject by the API", count))
            usage.add(.init(id: .s3Read), .requests("GetObject of the review", count))
        case .review:
            usage.add(.init(id: .s3Read), .requests("GetObject of the review", count))
        }
    }

    private func addFunctionTime(_ size: SizeClass, to usage: inout Usage) {
        let meter = Usage.Meter(id: .lambdaDuration, place: basis.architecture.rawValue)
        let invoking = requests.filter { $0.function != nil }
        guard !invoking.isEmpty else { return }
        if let ms = basis.lambdaTimes.measuredMs(strategy, sizeBytes: size.bytes) {
            let part = Usage.Part.duration(
                "uploads' functions, as the run measured them", size.uploads, ms: ms,
                memoryMB: basis.lambdaMemoryMB)
            usage.add(
                meter,
                Usage.Part(
                    part.label, count: part.count,
                    detail: "the measured ms × \(basis.lambdaMemoryMB) MB", quantity: part.quantity)
            )
            return
        }
        for request in invoking {
            guard let function = request.function else { continue }
            usage.add(
                meter,
                .duration(
                    request.name, size.uploads, ms: basis.lambdaTimes.assumedMs[function] ?? 0,
                    memoryMB: basis.lambdaMemoryMB))
        }
    }

    // MARK: Bytes

    private func addBytes(_ size: SizeClass, to usage: inout Usage) {
        let bytes = size.uploads.times(size.bytes)
        if strategy.isAccelerated {
            usage.add(
                .init(id: .acceleratedIn, place: basis.edgeTier.rawValue),
                Usage.Part("files", count: size.uploads, quantity: bytes))
        }
        usage.add(
            .init(id: .dataIn),
            Usage.Part("files", count: size.uploads, quantity: bytes))
        if let received = basis.measured[strategy]?.receivedBytesPerUpload {
            usage.add(
                .init(id: .dataOut),
                Usage.Part(
                    "uploads' answers, as the run measured them", count: size.uploads,
                    quantity: size.uploads.times(Quantity(measured: received))))
        }
        if basis.storageMonths > 0 {
            usage.add(
                .init(id: .s3Storage),
                Usage.Part(
                    "files", count: size.uploads,
                    detail: "\(basis.storageMonths) months",
                    quantity: bytes.times(basis.storageMonths)))
        }
    }

    // MARK: Failures

    /// What uploads that failed in the run cost besides, per upload that arrived.
    private func addFailures(to usage: inout Usage) {
        for failure in basis.measured[strategy]?.failures ?? [] {
            let count = usage.carried.times(Quantity(measured: failure.perUpload))
            let billed = BilledFailure(failure, requests)
            for request in billed.before {
                add(request, count, fileBytes: 0, to: &usage)
            }
            guard let refusal = billed.refusal else { continue }
            let meter: Usage.Meter =
                switch refusal {
                case .s3: .init(id: .s3Write)
                case .api: .init(id: basis.api == .http ? .httpCall : .restCall)
                }
            usage.add(meter, .requests("refused: \(failure.name)", count))
        }
    }
}

extension FailureRate {
    var name: String {
        [httpStatus.map(String.init), errorCode.isEmpty ? nil : errorCode].compactMap { $0 }
            .joined(separator: " ")
    }
}

extension Usage.Part {
    static func requests(_ label: String, _ count: Quantity) -> Usage.Part {
        Usage.Part(label, count: count, quantity: count)
    }

    /// In MB × µs; the mean is what counts, each invocation being billed in whole ms already.
    static func duration(
        _ label: String, _ count: Quantity, ms: Double, memoryMB: Int64
    ) -> Usage.Part {
        let microseconds = Quantity(measured: ms * 1000)
        return Usage.Part(
            label, count: count,
            detail: "\(Readable.number(ms)) ms × \(memoryMB) MB",
            quantity: count.times(microseconds).times(memoryMB))
    }
}
