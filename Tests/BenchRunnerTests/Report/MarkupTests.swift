import Testing

@testable import BenchRunner

@Suite struct MarkupTests {
    @Test func `what is interpolated is text, what is markup stays markup`() {
        let name = "<script>alert('&\"')</script>"
        let inner: Markup = "<b>\(name)</b>"
        let outer: Markup = "<p title=\"\(name)\">\(inner)</p>"
        let text = "&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;"
        #expect(outer.text == "<p title=\"\(text)\"><b>\(text)</b></p>")
    }

    @Test func `control characters do not reach a page, other scripts do`() {
        #expect(
            Markup.escaped("a\u{0}b\u{1B}[31mc\u{85}\r")
                == "a\u{FFFD}b\u{FFFD}[31mc\u{FFFD}\u{FFFD}")
        #expect(Markup.escaped("Größe → 大きさ 👍\n") == "Größe → 大きさ 👍\n")
    }

    @Test(arguments: [
        (0.0, "0"), (1, "1"), (-1.5, "-1.5"), (12.345, "12.35"), (0.004, "0"), (-0.004, "0"),
        (99.999, "100"), (0.05, "0.05"), (.infinity, "1000000000"),
    ])
    func `coordinates are short`(value: Double, text: String) {
        #expect(Markup.coordinate(value) == text)
    }

    @Test func `raw values keep their digits`() {
        #expect(Markup.raw(412_345) == "412345")
        #expect(Markup.raw(0.1) == "0.1")
        #expect(Double(Markup.raw(1.0 / 3)) == 1.0 / 3)
    }

    @Test func `a CSV in an address holds nothing that ends it or starts a fragment`() {
        let data = FigureData(columns: ["a", "b"], rows: [["x#%\"<", "ü, y"]])
        let address = FigureMarkup.dataAddress(data.csv)
        #expect(
            address
                == "data:text/csv;charset=utf-8,a,b%0A%22x%23%25%22%22%3C%22,%22%C3%BC,%20y%22%0A")
    }
}
