import Testing

@testable import BenchRunner

@Suite struct PresignBatchTests {
    /// A line for a bucket and a life of the signature; the key is fixed.
    private static func line(bucket: String = "photos", style: String, expires: Int = 60) -> String
    {
        """
        {"id": 1, "kind": "url", "request": null, "inputs": {"access_key": "AK", "secret_key": "SK", \
        "region": "eu-west-1", "bucket": "\(bucket)", "key": "k", "style": "\(style)", \
        "amz_date": "20260410T224818Z", "expires": \(expires)}}
        """
    }

    private static func answers(_ lines: [String]) -> (answers: [String], failed: Int) {
        var signer = PresignBatchSigner()
        var output: [UInt8] = []
        for line in lines { signer.answer(Array(line.utf8)[...], into: &output) }
        let text = String(decoding: output, as: UTF8.self)
        return (text.split(separator: "\n").map(String.init), signer.failedCount)
    }

    @Test func `each line is answered in order, whatever the others are`() {
        let (answers, failed) = Self.answers([
            Self.line(style: "virtual"), String(Self.line(style: "virtual").dropLast(5)),
            Self.line(style: "path"),
        ])
        #expect(failed == 1 && answers.count == 3)
        #expect(answers[0].hasPrefix("{\"id\": 1, \"url\": \"https://photos.s3.eu-west-1."))
        #expect(answers[1].hasPrefix("{\"id\": null, \"error\": \"line 2: not a JSON object"))
        #expect(answers[2].hasPrefix("{\"id\": 1, \"url\": \"https://s3.eu-west-1."))
    }

    @Test func `an unusable request names its reason and keeps its id`() {
        let (answers, _) = Self.answers([
            Self.line(bucket: "my.photos", style: "accelerate"),
            Self.line(style: "virtual", expires: 604_801), Self.line(style: "vitrual"),
        ])
        #expect(answers.allSatisfy { $0.hasPrefix("{\"id\": 1, \"error\": ") })
        #expect(answers[0].contains("without dots"))
        #expect(answers[1].contains("604800"))
        #expect(answers[2].contains("unknown style"))
    }

    @Test func `a secret never stands in an answer`() {
        let line = Self.line(style: "virtual").replacing("\"SK\"", with: "\"topsecret\"")
        let (answers, _) = Self.answers([line, line + "}"])
        #expect(answers.count == 2 && !answers.joined().contains("topsecret"))
    }

    /// The answers of a signer that sees each line first have no shape to go by.
    private static func alone(_ lines: [String]) -> [String] {
        lines.flatMap { answers([$0]).answers }
    }

    private static func plain(
        _ id: String, _ key: String, time: String = "20260410T224818Z", extra: String = ""
    ) -> String {
        """
        {"id": "\(id)", "kind": "url", "request": null, "inputs": {"access_key": "AK", \(extra)\
        "secret_key": "SK", "region": "eu-west-1", "bucket": "photos", "key": "\(key)", \
        "style": "virtual", "amz_date": "\(time)", "expires": 60}}
        """
    }

    @Test func `lines that are alike are answered as if each came alone`() {
        let lines = [
            Self.plain("a", "k/1"), Self.plain("b", "k/2"), Self.plain("b2", "x y+é%"),
            Self.plain("c", "k/3", time: "20260411T000000Z"), Self.plain("d", "k/4"),
            Self.plain("e", #"k\"/5"#), Self.plain("f", ""), Self.plain("g", "k", time: "tomorrow"),
            Self.plain("h", "k/6"), Self.plain("i", "k/7", extra: #""session_token": "T","#),
            Self.plain("j", "k/8", extra: #""session_token": "T","#),
            Self.plain("k", "k/9", extra: #""key": "other","#), Self.plain("l", "k/10"),
            Self.plain("m", "k/11", extra: #""key_utf8_hex": "6b","#),
            Self.plain("n", "k/12", extra: #""key_utf8_hex": "6b","#),
            Self.plain("o", "k/13") + " ",
            String(Self.plain("p", "k/14").dropLast()), Self.plain("q", "k/15"),
        ]
        let together = Self.answers(lines).answers.map(Self.withoutLineNumber)
        #expect(together == Self.alone(lines).map(Self.withoutLineNumber))
        #expect(together.count == lines.count)
    }

    private static func withoutLineNumber(_ answer: String) -> String {
        answer.replacing(#/line [0-9]+/#, with: "line")
    }
}
