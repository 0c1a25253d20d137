import Testing

@testable import BenchRunner

@Suite struct MoneyTests {
    private func money(_ text: String) throws -> Money { try #require(Money(decimal: text)) }

    @Test func `a price is held as it is written, and sums of it do not drift`() throws {
        let tenth = try money("0.1")
        let sum = (0..<1000).reduce(Money.zero) { sum, _ in sum + tenth }
        #expect(sum == (try money("100")))
        #expect(try money("0.0000166667").decimal(places: 18) == "0.000016666700000000")
        #expect(try money("0.0000166667").exact == "$0.0000166667")
        #expect(try money("3.5").exact == "$3.50")
    }

    @Test(arguments: [
        "", ".", "1.", ".5", "-1", "+1", "1e-6", "1,5", "0.1.2", "NaN", "0x1", " 1", "٣",
        "0.0000000000000000001", "1234567890123",
    ])
    func `a price that is not a plain decimal is refused`(text: String) {
        #expect(Money(decimal: text) == nil)
    }

    @Test func `a product is rounded once, half an attodollar to even`() {
        // 1 of 2 for 1 and 3 attodollars: 0.5 and 1.5.
        #expect(Money(attodollars: 1).price(of: 1, per: 2).attodollars == 0)
        #expect(Money(attodollars: 3).price(of: 1, per: 2).attodollars == 2)
        #expect(Money(attodollars: 2).price(of: 1, per: 3).attodollars == 1)
        #expect(Money(attodollars: 1).price(of: 1, per: 3).attodollars == 0)
    }

    @Test func `a product may be wider than 128 bits on the way`() {
        // 10²⁰ × 10³⁶ / 10³⁰ = 10²⁶.
        let power = { (exponent: Int) in (0..<exponent).reduce(Int128(1)) { p, _ in p * 10 } }
        #expect(
            Money(attodollars: power(20)).price(of: power(36), per: power(30)).attodollars
                == power(26))
    }

    @Test(arguments: [
        ("0", "$0.00"), ("12.345", "$12.35"), ("1234567.891", "$1,234,567.89"),
        ("0.29166725", "$0.2917"), ("0.03", "$0.03"), ("0.00001234567", "$0.00001235"),
    ])
    func `people see cents, or four digits of what is less than a dollar`(
        text: String, shown: String
    ) throws {
        #expect(try money(text).readable == shown)
    }
}
