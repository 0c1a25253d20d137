import Foundation

/// US dollars as a whole number of attodollars (10⁻¹⁸ USD), so that sums are exact and a product is
/// rounded once.
struct Money: Sendable, Hashable, Comparable {
    let attodollars: Int128

    static let zero = Money(attodollars: 0)
    private static let places = 18
    private static let attodollarsPerDollar: Int128 = 1_000_000_000_000_000_000

    init(attodollars: Int128) { self.attodollars = attodollars }

    /// A price as a price list writes it, `0.0000166667`; nil for a sign, an exponent, more than
    /// 18 places or more than twelve digits before them.
    init?(decimal text: String) {
        let halves = text.split(separator: ".", omittingEmptySubsequences: false)
        let isDigits = { (part: Substring) in
            !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        guard halves.count <= 2, halves.allSatisfy(isDigits), halves[0].count <= 12 else {
            return nil
        }
        let fraction = halves.count == 2 ? String(halves[1]) : ""
        guard fraction.count <= Self.places,
            let value = Int128(halves[0] + fraction.padded(to: Self.places))
        else { return nil }
        attodollars = value
    }

    static func < (a: Money, b: Money) -> Bool { a.attodollars < b.attodollars }
    static func + (a: Money, b: Money) -> Money {
        Money(attodollars: a.attodollars + b.attodollars)
    }
    static func - (a: Money, b: Money) -> Money {
        Money(attodollars: a.attodollars - b.attodollars)
    }
    static func += (a: inout Money, b: Money) { a = a + b }

    /// This price for `quantity`, when it stands for `unit` of the same measure; half an attodollar is
    /// rounded to even. The product may be wider than 128 bits, the result must not be.
    func price(of quantity: Int128, per unit: Int128) -> Money {
        precondition(attodollars >= 0 && quantity >= 0 && unit > 0)
        let product = attodollars.multipliedFullWidth(by: quantity)
        let (quotient, remainder) = unit.dividingFullWidth(product)
        let rest = unit - remainder
        let roundsUp = remainder > rest || (remainder == rest && quotient % 2 == 1)
        return Money(attodollars: roundsUp ? quotient + 1 : quotient)
    }

    var dollars: Double { Double(attodollars) / 1e18 }

    /// For JSON and CSV: a plain decimal, rounded half up to so many places.
    func decimal(places: Int) -> String {
        let unit = (0..<(Self.places - places)).reduce(Int128(1)) { product, _ in product * 10 }
        let rounded = (attodollars.magnitude + UInt128(unit / 2)) / UInt128(unit)
        let digits = String(rounded)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        let sign = attodollars < 0 && rounded > 0 ? "-" : ""
        guard places > 0 else { return sign + padded }
        return sign + padded.dropLast(places) + "." + padded.suffix(places)
    }

    /// A unit price: all of its digits, at least two places.
    var exact: String {
        var text = decimal(places: Self.places)
        while text.last == "0", text.suffix(3).first != "." { text.removeLast() }
        return "$" + text
    }

    /// For people: cents, or for less than a dollar four digits that matter.
    var readable: String {
        let magnitude = abs(dollars)
        guard magnitude > 0, magnitude < 1 else { return "$" + grouped(decimal(places: 2)) }
        let leadingZeros = Int((-Foundation.log10(magnitude)).rounded(.down))
        var text = decimal(places: min(Self.places, leadingZeros + 4))
        while text.last == "0", text.split(separator: ".").last.map({ $0.count > 2 }) ?? false {
            text.removeLast()
        }
        return "$" + text
    }
}

/// `1234567.89` as `1,234,567.89`.
func grouped(_ number: String) -> String {
    let halves = number.split(separator: ".", maxSplits: 1)
    guard let whole = halves.first else { return number }
    var digits = ""
    for (index, character) in whole.enumerated() {
        let isBoundary = (whole.count - index) % 3 == 0 && index > 0
        if isBoundary, digits.last?.isNumber ?? false { digits.append(",") }
        digits.append(character)
    }
    return digits + (halves.count > 1 ? "." + halves[1] : "")
}

extension String {
    /// With zeros after it.
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: "0", count: max(0, width - count))
    }
}

/// How much is used of what has a price, in billionths of its unit: a share of an upload is a quantity
/// too, and sums stay exact.
struct Quantity: Sendable, Hashable {
    var billionths: Int128

    static let zero = Quantity(billionths: 0)
    static let scale: Int128 = 1_000_000_000

    init(billionths: Int128) { self.billionths = billionths }
    init(_ whole: Int64) { billionths = Int128(whole) * Self.scale }

    /// Rounded to a billionth; for what was measured or follows from a distribution. Beyond 10¹⁵, and
    /// for what is no number, the nearest bound.
    init(measured value: Double) {
        let bounded = min(max(value.isFinite ? value : 0, 0), 1e15)
        billionths = Int128((bounded * 1e9).rounded())
    }

    static func + (a: Quantity, b: Quantity) -> Quantity {
        Quantity(billionths: a.billionths + b.billionths)
    }
    static func += (a: inout Quantity, b: Quantity) { a = a + b }

    /// So many times this.
    func times(_ count: Int64) -> Quantity { Quantity(billionths: billionths * Int128(count)) }

    /// This many times a measured amount, rounded to a billionth.
    func times(_ amount: Quantity) -> Quantity {
        let product = billionths.multipliedFullWidth(by: amount.billionths)
        return Quantity(billionths: Self.scale.dividingFullWidth(product).quotient)
    }

    var value: Double { Double(billionths) / 1e9 }

    /// `20,000,000` or `1.25`.
    var readable: String {
        let whole = billionths / Self.scale
        let isWhole = billionths % Self.scale == 0
        guard !isWhole, whole < 1000 else {
            let isUp = billionths % Self.scale * 2 >= Self.scale
            return grouped(String(isUp ? whole + 1 : whole))
        }
        return String(format: "%.4g", value)
    }
}
