import Testing

@testable import BenchRunner

@Suite struct WordWrapTests {
    @Test(arguments: [
        ("one two three", 7, "one two\nthree"), ("one two three", 13, "one two three"),
        ("a endlessword b", 4, "a\nendlessword\nb"), ("", 4, ""),
    ])
    func `lines break between words only`(text: String, width: Int, wrapped: String) {
        #expect(WordWrap.text(text, width: width) == wrapped)
    }

    @Test func `without a width nothing breaks`() {
        #expect(WordWrap.text("one two three", width: nil) == "one two three")
    }
}
