@testable import BenchRunner

/// A million uploads of one size, priced from the built-in book.
struct PricedMillion {
    let invoice: Invoice

    init(
        _ strategy: Strategy, bytes: Int64 = 1 << 20, uploads: Int64 = 1_000_000,
        book: PriceBook = .embedded, _ change: (inout CostBasis) -> Void = { _ in }
    ) throws {
        var basis = CostBasis()
        change(&basis)
        invoice = try Invoice.make(
            strategy, [SizeClass(bytes: bytes, uploads: Quantity(uploads))], basis, book)
    }

    /// Amounts by price, with their places, as exact decimals.
    var amounts: [String: String] {
        Dictionary(
            uniqueKeysWithValues: invoice.lines.filter { $0.amount > .zero }.map {
                ($0.entry.name, Self.text($0.amount))
            })
    }

    var total: String { invoice.total.map(Self.text) ?? "" }

    static func text(_ money: Money) -> String { String(money.exact.dropFirst()) }
}
