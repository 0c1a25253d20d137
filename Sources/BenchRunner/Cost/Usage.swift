/// What a month of one strategy uses, by price; a pure consequence of sizes, requests and limits.
struct Usage: Sendable {
    struct Meter: Hashable, Sendable {
        let id: PriceID
        var place = ""
    }

    /// One reason for which a price applies.
    struct Part: Sendable, Equatable {
        let label: String
        /// How often, and how much each time; the detail is in words.
        private(set) var count: Quantity
        let detail: String
        private(set) var quantity: Quantity

        init(_ label: String, count: Quantity, detail: String = "", quantity: Quantity) {
            self.label = label
            self.count = count
            self.detail = detail
            self.quantity = quantity
        }

        mutating func add(_ other: Part) {
            count += other.count
            quantity += other.quantity
        }
    }

    private(set) var parts: [Meter: [Part]] = [:]
    /// Uploads that the strategy carries, and those that are too large for it.
    var carried = Quantity.zero
    var refused = Quantity.zero

    /// Parts of equal label and detail are one.
    mutating func add(_ meter: Meter, _ part: Part) {
        guard part.count.billionths > 0 || part.quantity.billionths > 0 else { return }
        let index = parts[meter, default: []].firstIndex {
            $0.label == part.label && $0.detail == part.detail
        }
        if let index {
            parts[meter, default: []][index].add(part)
        } else {
            parts[meter, default: []].append(part)
        }
    }

    func quantity(_ meter: Meter) -> Quantity {
        (parts[meter] ?? []).reduce(.zero) { $0 + $1.quantity }
    }

    /// In the order of the price book's ids.
    var meters: [Meter] {
        PriceID.allCases.flatMap { id in
            parts.keys.filter { $0.id == id }.sorted { $0.place < $1.place }
        }
    }
}
