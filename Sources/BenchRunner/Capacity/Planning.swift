import Foundation

/// What it takes to carry a rate, each figure with the measurement or the documented limit behind it.
struct Planning {
    let demand: CapacityPlan.Demand
    let loads: [PlanningLoad]
    /// Of one generator.
    let threads: Int

    /// S3 User Guide, "Optimizing Amazon S3 performance": at least 3,500 PUT, COPY, POST or DELETE
    /// requests per second and prefix.
    static let writesPerPrefix = 3500.0
    /// AWS Lambda quotas, "Concurrent executions".
    static let lambdaDefault = 1000.0
    /// API Gateway quotas, "Throttle quota per account, per Region".
    static let gatewayDefault = 10_000.0
    /// Beyond this a generator's threads start late.
    static let generatorShare = 0.7

    struct Line {
        let what: String
        let name: String
        /// nil where nothing was measured that tells.
        let count: Int?
        let because: String
    }

    private var provided: Double { 1 - demand.headroom }
    private var rate: Double { demand.perSecond }

    func lines(_ load: PlanningLoad) -> [Line] {
        [
            instances(load), lambda(load), throttle(load), prefixes(load), connections(load),
            shards(load),
        ].compactMap { $0 }
    }

    private func instances(_ load: PlanningLoad) -> Line? {
        let name = "gateway_instances"
        let what = "gateway instances (one core each)"
        if let cpu = load.gatewayCPUSeconds {
            let byCapacity = load.capacityPerSecond.map {
                "; the whole target held \(Readable.number($0))/s"
            }
            return Line(
                what: what, name: name, count: up(rate * cpu),
                because: "measured: \(Readable.microseconds(cpu * 1e6)) of gateway CPU per upload"
                    + (byCapacity ?? ""))
        }
        guard let capacity = load.capacityPerSecond else {
            return Line(
                what: what, name: name, count: nil,
                because: "neither a capacity nor the gateway's CPU was measured")
        }
        return Line(
            what: "targets like the one measured", name: name, count: up(rate / capacity),
            because: "measured: one holds \(Readable.number(capacity))/s")
    }

    private func lambda(_ load: PlanningLoad) -> Line? {
        guard let seconds = load.lambdaSeconds, seconds > 0 else { return nil }
        let count = up(rate * seconds)
        let over = Double(count) > Self.lambdaDefault
        return Line(
            what: "Lambda concurrency", name: "lambda_concurrency", count: count,
            because: "Little's law; measured: at most \(Readable.microseconds(seconds * 1e6)) of"
                + " Lambda per upload, network included; documented default quota 1000"
                + (over ? ", so ask for more" : ""))
    }

    private func throttle(_ load: PlanningLoad) -> Line? {
        guard load.apiRequests > 0 else { return nil }
        let requests = rate * Double(load.apiRequests)
        let over = requests / provided > Self.gatewayDefault
        return Line(
            what: "API requests per second", name: "api_requests_per_s", count: up(requests),
            because: "\(load.apiRequests) per upload by the strategy; documented default throttle"
                + " 10000/s per account and region" + (over ? ", so ask for more" : ""))
    }

    private func prefixes(_ load: PlanningLoad) -> Line? {
        let writes = rate * Double(load.storeWrites)
        return Line(
            what: "S3 prefixes", name: "s3_prefixes", count: up(writes / Self.writesPerPrefix),
            because:
                "\(load.storeWrites) write\(load.storeWrites == 1 ? "" : "s") per upload by the"
                + " strategy; documented: 3500 writes per second and prefix")
    }

    private func connections(_ load: PlanningLoad) -> Line? {
        let mean = load.responseMeanSeconds
        return Line(
            what: "connections at a time", name: "connections", count: mean.map { up(rate * $0) },
            because: mean.map {
                "Little's law; measured: an upload takes \(Readable.microseconds($0 * 1e6)) (mean)"
            } ?? "no response time was measured")
    }

    private func shards(_ load: PlanningLoad) -> Line? {
        let cpu = load.clientCPUSeconds
        let each = Double(threads) * Self.generatorShare
        return Line(
            what: "generator shards to test it", name: "generator_shards",
            // Nothing needs to stay free of a generator beyond the share that it may be busy.
            count: cpu.map { max(1, Int((rate * $0 / each).rounded(.up))) },
            because: cpu.map {
                "measured: \(Readable.microseconds($0 * 1e6)) of client CPU per upload;"
                    + " \(threads) thread\(threads == 1 ? "" : "s") each, busy for at most 70%"
            } ?? "no client CPU was measured")
    }

    private func up(_ amount: Double) -> Int { max(1, Int((amount / provided).rounded(.up))) }

    // MARK: Output

    var text: String {
        let head =
            "To carry \(Readable.number(rate))/s with \(Readable.percent(demand.headroom)) to spare:"
        let blocks = loads.map { load in
            let size = load.sizeBytes.map { " " + Readable.bytes($0) } ?? ""
            let rows = lines(load).map { line in
                "  \(padded(line.what, to: 34)) \(padded(line.count.map(String.init) ?? "unknown", to: 8)) \(line.because)"
            }
            return (["\(load.scenario)\(size) (\(load.source))"] + rows).joined(separator: "\n")
        }
        return ([head] + blocks).joined(separator: "\n")
    }

    var object: [String: Any] {
        [
            "rate_per_s": rate, "headroom": demand.headroom,
            "strategies": loads.map { load -> [String: Any] in
                [
                    "scenario": load.scenario, "size_bytes": load.sizeBytes ?? NSNull(),
                    "source": load.source,
                    "needs": lines(load).map { line -> [String: Any] in
                        [
                            "name": line.name, "count": line.count ?? NSNull(),
                            "because": line.because,
                        ]
                    },
                ]
            },
        ]
    }
}
