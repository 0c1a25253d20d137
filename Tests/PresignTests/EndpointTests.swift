import Testing

@testable import Presign

@Suite struct EndpointTests {
    private struct Row: CustomTestStringConvertible {
        let style: Endpoint.Style
        let region: String
        let bucket: String
        let url: String?
        let place: String

        var testDescription: String { "\(style) \(bucket) \(url ?? "")" }
    }

    private static let rows = [
        Row(
            style: .virtualHosted, region: "eu-west-1", bucket: "photos", url: nil,
            place: "https photos.s3.eu-west-1.amazonaws.com "),
        Row(
            style: .virtualHosted, region: "cn-north-1", bucket: "photos", url: nil,
            place: "https photos.s3.cn-north-1.amazonaws.com.cn "),
        // A wildcard certificate does not cover a name with dots.
        Row(
            style: .virtualHosted, region: "eu-west-1", bucket: "my.photos", url: nil,
            place: "https s3.eu-west-1.amazonaws.com /my.photos"),
        Row(
            style: .path, region: "eu-west-1", bucket: "photos", url: nil,
            place: "https s3.eu-west-1.amazonaws.com /photos"),
        Row(
            style: .accelerate, region: "eu-west-1", bucket: "photos", url: nil,
            place: "https photos.s3-accelerate.amazonaws.com "),
        Row(
            style: .dualStack, region: "eu-west-1", bucket: "photos", url: nil,
            place: "https photos.s3.dualstack.eu-west-1.amazonaws.com "),
        Row(
            style: .global, region: "eu-west-1", bucket: "photos", url: nil,
            place: "https photos.s3.amazonaws.com "),
        Row(
            style: .global, region: "us-gov-west-1", bucket: "photos", url: nil,
            place: "https photos.s3.us-gov-west-1.amazonaws.com "),
        Row(
            style: .customPath, region: "us-east-1", bucket: "photos", url: "http://h:80/",
            place: "http h /photos"),
        Row(
            style: .customPath, region: "us-east-1", bucket: "photos", url: "https://h:80/base/",
            place: "https h:80 /base/photos"),
        Row(
            style: .customPath, region: "us-east-1", bucket: "photos", url: "http://[::1]:9000",
            place: "http [::1]:9000 /photos"),
        Row(
            style: .customVirtualHosted, region: "us-east-1", bucket: "photos",
            url: "http://localhost:9000", place: "http photos.localhost:9000 "),
        // No name can stand before an address.
        Row(
            style: .customVirtualHosted, region: "us-east-1", bucket: "photos",
            url: "http://127.0.0.1:9000", place: "http 127.0.0.1:9000 /photos"),
        Row(
            style: .customVirtualHosted, region: "us-east-1", bucket: "photos",
            url: "https://[::1]:443", place: "https [::1] /photos"),
    ]

    @Test(arguments: rows)
    private func `each style has its host and path`(row: Row) throws {
        let endpoint = try Endpoint(
            style: row.style, region: row.region, bucket: row.bucket, url: row.url)
        #expect("\(endpoint.scheme) \(endpoint.host) \(endpoint.pathPrefix)" == row.place)
    }

    @Test func `acceleration needs a plain bucket name`() {
        #expect(throws: EndpointError.accelerateNeedsPlainBucket("my.photos")) {
            try Endpoint(style: .accelerate, region: "eu-west-1", bucket: "my.photos")
        }
    }

    @Test(arguments: [
        "localhost:9000", "ftp://h", "http://", "http://h:0", "http://h:99999", "http://[::1",
        "http://[::1]x", "http://h h",
    ])
    func `what is no endpoint URL is refused`(url: String) {
        #expect(throws: EndpointError.urlInvalid(url)) {
            try Endpoint(style: .customPath, region: "us-east-1", bucket: "photos", url: url)
        }
    }

    @Test(arguments: [
        ("http://u@h", "http://…@h"), ("http://h?x", "http://h"), ("http://h/#x", "http://h/"),
    ])
    func `a refused URL is shown without what may be a secret`(url: String, shown: String) {
        #expect(throws: EndpointError.urlInvalid(shown)) {
            try Endpoint(style: .customPath, region: "us-east-1", bucket: "photos", url: url)
        }
    }

    @Test(arguments: ["", "a/b", "a b", "..", "ä"])
    func `what is no bucket name is refused`(bucket: String) {
        #expect(throws: EndpointError.bucketInvalid(bucket)) {
            try Endpoint(style: .path, region: "us-east-1", bucket: bucket)
        }
    }
}

@Suite struct RandomSourceTests {
    @Test func `UUIDs have version 4, the variant and no repetition`() {
        let source = RandomSource()
        var seen: Set<String> = []
        for _ in 0..<2000 {
            let uuid = source.uuid()
            let groups = uuid.split(separator: "-")
            #expect(groups.map(\.count) == [8, 4, 4, 4, 12])
            #expect(uuid.utf8.allSatisfy { Hex.value($0) != nil || $0 == UInt8(ascii: "-") })
            #expect(groups[2].hasPrefix("4") && "89ab".contains(groups[3].prefix(1)))
            seen.insert(uuid)
        }
        #expect(seen.count == 2000)
    }

    @Test func `a seed gives the same UUIDs again`() {
        let (a, b, other) = (
            RandomSource(seed: 7), RandomSource(seed: 7), RandomSource(seed: 8)
        )
        let first = (0..<1000).map { _ in a.uuid() }
        #expect(first == (0..<1000).map { _ in b.uuid() })
        #expect(first[0] != other.uuid())
    }
}

@Suite struct SigningTimeTests {
    @Test(arguments: [
        ("19700101T000000Z", 0), ("20000229T235959Z", 951_868_799),
        ("20260410T224818Z", 1_775_861_298), ("99991231T235959Z", 253_402_300_799),
    ])
    func `a time is read and written the same`(text: String, seconds: Int64) throws {
        let time = try #require(SigningTime(amzDate: text))
        #expect(time.unixSeconds == seconds)
        #expect(time.amzDate == text)
        #expect(SigningTime(iso8601: time.iso8601) == time)
    }

    @Test(arguments: [
        "20010229T000000Z", "20011301T000000Z", "20010101T240000Z", "20010101 000000Z",
        "20010101T000000", "2001010aT000000Z",
    ])
    func `what is no time is refused`(text: String) {
        #expect(SigningTime(amzDate: text) == nil)
    }

    @Test func `a fraction of a second is dropped and an offset refused`() {
        let time = SigningTime(iso8601: "2001-01-01T00:00:00Z")
        #expect(time != nil && SigningTime(iso8601: "2001-01-01T00:00:00.123Z") == time)
        #expect(SigningTime(iso8601: "2001-01-01T00:00:00+02:00") == nil)
    }
}
