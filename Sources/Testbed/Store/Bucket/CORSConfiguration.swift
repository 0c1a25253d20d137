import Presign

/// A bucket's CORS rules (S3 User Guide, "Elements of a CORS configuration").
package struct CORSConfiguration: Sendable, Equatable {
    package static let ruleLimit = 100
    package static let methods: Set<String> = ["GET", "PUT", "POST", "DELETE", "HEAD"]

    package var rules: [CORSRule]

    package init(rules: [CORSRule]) { self.rules = rules }

    /// Any page may upload and read the answer's entity tag, as multipart uploads need.
    package static let open = CORSConfiguration(rules: [
        CORSRule(
            allowedOrigins: ["*"], allowedMethods: ["GET", "PUT", "POST", "DELETE", "HEAD"],
            allowedHeaders: ["*"], exposedHeaders: ["ETag", "x-amz-request-id"],
            maxAgeSeconds: 3000)
    ])
}

package struct CORSRule: Sendable, Equatable {
    package let id: String?
    /// With at most one `*` each, as the headers.
    package let allowedOrigins: [String]
    package let allowedMethods: [String]
    package let allowedHeaders: [String]
    package let exposedHeaders: [String]
    package let maxAgeSeconds: Int?
    private let originPatterns: [CORSPattern]
    private let headerPatterns: [CORSPattern]

    package init(
        id: String? = nil, allowedOrigins: [String], allowedMethods: [String],
        allowedHeaders: [String] = [], exposedHeaders: [String] = [], maxAgeSeconds: Int? = nil
    ) {
        self.id = id
        self.allowedOrigins = allowedOrigins
        self.allowedMethods = allowedMethods
        self.allowedHeaders = allowedHeaders
        self.exposedHeaders = exposedHeaders
        self.maxAgeSeconds = maxAgeSeconds
        originPatterns = allowedOrigins.map { CORSPattern($0) }
        headerPatterns = allowedHeaders.map { CORSPattern($0.lowercased()) }
    }

    /// Origins compare with case, header names without.
    ///
    /// - Parameter headers: in lower case.
    func allows(origin: String, method: String, headers: [String]) -> Bool {
        allowedMethods.contains(method) && allowedOrigin(for: origin) != nil
            && headers.allSatisfy { header in
                let bytes = Array(header.utf8)
                return headerPatterns.contains { $0.matches(bytes) }
            }
    }

    /// What `Access-Control-Allow-Origin` says: `*` only where the rule says just that.
    func allowedOrigin(for origin: String) -> String? {
        let bytes = Array(origin.utf8)
        guard let pattern = originPatterns.first(where: { $0.matches(bytes) }) else { return nil }
        return pattern.isAnything ? "*" : origin
    }
}

/// Text with at most one `*`, taken apart once: a rule may have two thousand of them, and anybody may
/// have them compared.
private struct CORSPattern: Equatable {
    private let head: [UInt8]
    /// What follows the `*`; nil without one.
    private let tail: [UInt8]?

    init(_ text: String) {
        let bytes = Array(text.utf8)
        let star = bytes.firstIndex(of: UInt8(ascii: "*"))
        head = Array(bytes[..<(star ?? bytes.endIndex)])
        tail = star.map { Array(bytes[($0 + 1)...]) }
    }

    var isAnything: Bool { head.isEmpty && tail?.isEmpty == true }

    func matches(_ text: [UInt8]) -> Bool {
        guard let tail else { return text == head }
        return text.count >= head.count + tail.count && text.starts(with: head)
            && text[(text.count - tail.count)...].elementsEqual(tail)
    }
}

extension CORSConfiguration {
    init(_ document: XMLElement) throws(S3Failure) {
        let elements = document.all("CORSRule")
        guard document.name == "CORSConfiguration", (1...Self.ruleLimit).contains(elements.count)
        else { throw .malformedXML }
        var rules: [CORSRule] = []
        for element in elements { rules.append(try CORSRule(element)) }
        self.init(rules: rules)
    }

    func write(to xml: inout XMLWriter) {
        for rule in rules {
            xml.element("CORSRule") { xml in
                xml.optionalText("ID", rule.id)
                for method in rule.allowedMethods { xml.text("AllowedMethod", method) }
                for origin in rule.allowedOrigins { xml.text("AllowedOrigin", origin) }
                for header in rule.allowedHeaders { xml.text("AllowedHeader", header) }
                xml.optionalText("MaxAgeSeconds", rule.maxAgeSeconds.map { "\($0)" })
                for header in rule.exposedHeaders { xml.text("ExposeHeader", header) }
            }
        }
    }
}

extension CORSRule {
    init(_ element: XMLElement) throws(S3Failure) {
        func texts(_ name: String) -> [String] { element.all(name).map(\.trimmed) }
        self.init(
            id: element.first("ID")?.trimmed, allowedOrigins: texts("AllowedOrigin"),
            allowedMethods: texts("AllowedMethod"), allowedHeaders: texts("AllowedHeader"),
            exposedHeaders: texts("ExposeHeader"),
            maxAgeSeconds: element.first("MaxAgeSeconds").flatMap { Int($0.trimmed) })
        guard !allowedOrigins.isEmpty, !allowedMethods.isEmpty else { throw .malformedXML }
        if let method = allowedMethods.first(where: { !CORSConfiguration.methods.contains($0) }) {
            throw .invalidRequest(
                "Found unsupported HTTP method in CORS config. Unsupported method is \(method)")
        }
        for pattern in allowedOrigins where pattern.filter({ $0 == "*" }).count > 1 {
            throw .invalidRequest(
                "AllowedOrigin \"\(pattern)\" can not have more than one wildcard.")
        }
        for pattern in allowedHeaders where pattern.filter({ $0 == "*" }).count > 1 {
            throw .invalidRequest(
                "AllowedHeader \"\(pattern)\" can not have more than one wildcard.")
        }
    }
}
