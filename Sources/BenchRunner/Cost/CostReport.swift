import Foundation

/// What `cost` tells: a row per strategy, what it rests on, and on request every formula.
struct CostReport {
    let plan: CostPlan
    let invoices: [Invoice]

    private var services: [PriceID.Service] {
        PriceID.Service.allCases.filter { service in
            invoices.contains { $0.amount(service) > .zero }
        }
    }

    private var table: TextTable {
        let hasRefusals = invoices.contains { !$0.carriesAll }
        let titles =
            ["strategy", "per month", "per million"] + services.map(\.rawValue)
            + (hasRefusals ? ["carries"] : [])
        let cheapest = cheapest
        let rows = invoices.map { invoice -> [TextTable.Cell] in
            let isBest = cheapest.contains(invoice.strategy)
            var cells = [TextTable.Cell(text: invoice.strategy.rawValue)]
            cells.append(.init(text: invoice.total?.readable ?? "", isBest: isBest))
            cells.append(.init(text: invoice.perMillion?.readable ?? "", isBest: isBest))
            cells += services.map { service in
                let amount = invoice.amount(service)
                return .init(text: amount > .zero ? amount.readable : "")
            }
            if hasRefusals { cells.append(.init(text: Self.carries(invoice))) }
            return cells
        }
        return TextTable(titles: titles, rows: rows)
    }

    /// Of those that carry every file, when there is more than one price among them.
    private var cheapest: Set<Strategy> {
        let whole = invoices.filter(\.carriesAll)
            .compactMap { invoice in invoice.total.map { (invoice.strategy, $0) } }
        let least = whole.map(\.1).min()
        let winners = whole.filter { $0.1 == least }.map(\.0)
        return winners.count < whole.count ? Set(winners) : []
    }

    private static func carries(_ invoice: Invoice) -> String {
        guard !invoice.carriesAll else { return "all" }
        guard invoice.carried.billionths > 0 else { return "none" }
        return "only " + percent(1 - invoice.refusedShare)
    }

    private static func percent(_ share: Double) -> String {
        String(format: "%.3g%%", share * 100)
    }

    // MARK: Texts

    func text(usesColor: Bool, isExplained: Bool) -> String {
        var blocks = [title, table.plain(usesColor: usesColor)]
        if isExplained { blocks += invoices.map { CostExplanation($0, plan.basis).text } }
        blocks.append(notes.joined(separator: "\n"))
        return blocks.joined(separator: "\n\n")
    }

    func markdown(isExplained: Bool) -> String {
        var blocks = [title, table.markdown]
        if isExplained {
            blocks += invoices.map { "```\n\(CostExplanation($0, plan.basis).text)\n```" }
        }
        blocks.append(notes.map { "- " + $0 }.joined(separator: "\n"))
        return blocks.joined(separator: "\n\n")
    }

    var title: String {
        "\(grouped(String(plan.uploads))) uploads a month of \(plan.shares.text),"
            + " \(plan.basis.region), \(plan.basis.api.rawValue.uppercased()) API"
    }

    /// What the amounts rest on.
    var notes: [String] {
        var notes: [String] = []
        notes += refusals
        if let note = lambdaNote { notes.append(note) }
        if plan.strategies.contains(.proxyBinary), plan.basis.api == .http {
            notes.append(
                "proxy-binary: HTTP APIs have no integration with S3, so its PUT is priced as a call of"
                    + " a REST API")
        }
        if plan.strategies.contains(.edgeRedirect) {
            notes.append(
                "edge function: \(Readable.number(plan.basis.edgeFunctionMs)) ms at"
                    + " \(plan.basis.edgeFunctionMemoryMB) MB, assumed (--edge-duration)")
        }
        let isAccelerated = plan.strategies.contains(where: \.isAccelerated)
        if isAccelerated, plan.basis.edgeTier != .free, !plan.vainAccelerations.isEmpty {
            notes.append(
                "not clearly faster in this run: \(plan.vainAccelerations.joined(separator: ", "));"
                    + " AWS does not bill acceleration where it is not likely to be faster"
                    + " (--edge-tier free)")
        }
        if !plan.hasSamples {
            let reason = plan.runPath == nil ? "a RUN" : "samples.csv"
            notes.append("not counted without \(reason): bytes of answers, failed uploads")
        }
        if plan.basis.client.isBrowser {
            notes.append(
                "browser: every visitor is new, so nothing is left out that a preflight asks for")
        }
        let storage = plan.basis.storageMonths == 0 ? ", storage left out" : ""
        let free = plan.basis.usesFreeTier ? "free tiers taken off" : "no free tier"
        notes.append(
            "\(free)\(storage); prices as of the dates in --explain, not of today; * is the cheapest"
                + " that carries everything")
        return notes
    }

    /// A line for those that refuse the same.
    private var refusals: [String] {
        let limited = invoices.filter { !$0.carriesAll }
        let limits = Dictionary(grouping: limited) { plan.basis.largestBytes($0.strategy) }
        return limits.sorted { $0.key < $1.key }.map { limit, invoices in
            let names = invoices.map(\.strategy.rawValue).joined(separator: ", ")
            let verb = invoices.count == 1 ? "refuses" : "refuse"
            return "\(names) \(verb) files above \(Readable.bytes(limit)),"
                + " \(Self.percent(invoices[0].refusedShare)) of the uploads; amounts are for the rest"
        }
    }

    private var lambdaNote: String? {
        guard invoices.contains(where: { $0.amount(.lambda) > .zero }) else { return nil }
        let memory = "at \(plan.basis.lambdaMemoryMB) MB"
        let measured = plan.strategies.filter { plan.basis.lambdaTimes.measured[$0] != nil }
        if !measured.isEmpty, let path = plan.runPath {
            let rest = plan.strategies.filter {
                plan.basis.lambdaTimes.measured[$0] == nil && $0 != .edgeRedirect
            }
            let others =
                rest.isEmpty ? "" : "; assumed for \(rest.map(\.rawValue).joined(separator: ", "))"
            return
                "Lambda \(memory): time of each invocation measured in \(path) by the embedded API, from"
                + " the function's event to its answer, with its calls to the store and its cold start,"
                + " in whole ms; this machine's CPU, whatever the memory\(others)"
        }
        let times = APIFunction.allCases.compactMap { function in
            plan.basis.lambdaTimes.assumedMs[function].map {
                "\(function.rawValue) \(Readable.number($0)) ms"
            }
        }.joined(separator: ", ")
        let origin = plan.isLambdaTimeGiven ? "as given" : "assumed (--lambda-duration, or a RUN)"
        return "Lambda \(memory): \(times), \(origin)"
    }

    // MARK: JSON

    var json: String {
        var object: [String: Any] = [
            "schema_version": 1,
            "uploads": plan.uploads,
            "size_distribution": plan.shares.text,
            "region": plan.basis.region,
            "api": plan.basis.api.rawValue,
            "edge_tier": plan.basis.edgeTier.rawValue,
            "edge_location": plan.basis.edgeLocation.rawValue,
            "lambda_memory_mb": plan.basis.lambdaMemoryMB,
            "lambda_architecture": plan.basis.architecture.rawValue,
            "client": plan.basis.client.rawValue,
            "signer": plan.basis.signer.rawValue,
            "free_tier": plan.basis.usesFreeTier,
            "notes": notes,
            "strategies": invoices.map(Self.object),
        ]
        object["run"] = plan.runPath
        return JSONText.render(object)
    }

    private static func object(_ invoice: Invoice) -> [String: Any] {
        var object: [String: Any] = [
            "scenario": invoice.strategy.rawValue,
            "carried_uploads": invoice.carried.value,
            "refused_uploads": invoice.refused.value,
            "refused_share": invoice.refusedShare,
            "lines": invoice.lines.map(line),
        ]
        object["usd_per_month"] = invoice.total.map(number)
        object["usd_per_million"] = invoice.perMillion.map(number)
        return object
    }

    private static func line(_ line: InvoiceLine) -> [String: Any] {
        var object: [String: Any] = [
            "price": line.entry.key.id.rawValue,
            "service": line.entry.key.id.service.rawValue,
            "quantity": CostExplanation.units(line.quantity, line.entry.key.id.unit),
            "unit": line.entry.key.id.unit.rawValue,
            "usd": number(line.amount),
            "formula": CostExplanation.formula(line),
            "source": line.entry.source,
            "date": line.entry.date,
        ]
        if !line.entry.key.place.isEmpty { object["place"] = line.entry.key.place }
        return object
    }

    private static func number(_ money: Money) -> NSDecimalNumber {
        NSDecimalNumber(string: money.decimal(places: 9), locale: Locale(identifier: "en_US_POSIX"))
    }
}
