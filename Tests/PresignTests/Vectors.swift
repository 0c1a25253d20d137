import Foundation
import Testing

@testable import Presign

/// A member of a fixture, read by name; what is absent reads as empty and fails its comparison.
struct Vector {
    let value: Any

    subscript(name: String) -> Vector {
        Vector(value: (value as? [String: Any])?[name] ?? NSNull())
    }

    var text: String { value as? String ?? (value as? NSNumber)?.stringValue ?? "" }
    var optionalText: String? { value as? String }
    var number: Int { (value as? NSNumber)?.intValue ?? 0 }
    var list: [Vector] { (value as? [Any] ?? []).map(Vector.init) }
    var members: [String: Vector] { (value as? [String: Any] ?? [:]).mapValues(Vector.init) }

    /// `[[name, value], …]`.
    var pairs: [NameValue] {
        list.map { pair in (pair.list.first?.text ?? "", pair.list.last?.text ?? "") }
    }

    var credentials: Credentials {
        Credentials(
            accessKey: self["access_key"].text, secretKey: self["secret_key"].text,
            sessionToken: self["session_token"].optionalText)
    }

    func signingTime(_ name: String) throws -> SigningTime {
        let text = self[name].text
        return try #require(SigningTime(amzDate: text) ?? SigningTime(iso8601: text))
    }

    func endpoint() throws -> Endpoint {
        let style = try #require(Endpoint.Style(rawValue: self["style"].text))
        return try Endpoint(
            style: style, region: self["region"].text, bucket: self["bucket"].text,
            url: self["endpoint_url"].optionalText)
    }

    static func cases(_ file: String) throws -> [Vector] {
        let url = try #require(
            Bundle.module.url(forResource: file, withExtension: nil, subdirectory: "Fixtures"))
        let data = try Data(contentsOf: url)
        return Vector(value: try JSONSerialization.jsonObject(with: data))["cases"].list
    }
}

/// Says how much of a fixture was tried, so that a filter gone wrong is seen.
func report(_ file: String, _ passed: Int, of total: Int, note: String = "") {
    print("vectors \(file): \(passed) of \(total)\(note)")
}
