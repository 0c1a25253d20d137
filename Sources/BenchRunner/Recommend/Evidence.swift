/// What a sentence follows from.
enum Evidence: Sendable, Equatable {
    /// Lines of a file of the results directory, from 1; its header is line 1.
    case rows(file: String, lines: [Int])
    case fact(id: String, source: String, date: String)
    /// Entries of the price book, by id.
    case prices([String])

    /// `summary.csv:3,17`, `fact put-size-unlimited` or `prices s3-write-request, …`.
    var reference: String {
        switch self {
        case .rows(let file, let lines):
            lines.isEmpty ? file : file + ":" + lines.map(String.init).joined(separator: ",")
        case .fact(let id, _, _): "fact \(id)"
        case .prices(let ids): "prices \(ids.joined(separator: ", "))"
        }
    }

    var object: [String: Any] {
        switch self {
        case .rows(let file, let lines): ["kind": "rows", "file": file, "lines": lines]
        case .fact(let id, let source, let date):
            ["kind": "fact", "id": id, "source": source, "date": date]
        case .prices(let ids): ["kind": "prices", "ids": ids]
        }
    }

    init(_ fact: CapabilityFact) { self = .fact(id: fact.id, source: fact.source, date: fact.date) }
}

/// A sentence that says nothing without evidence.
struct Sentence: Sendable {
    let text: String
    let evidence: [Evidence]

    init(_ text: String, _ evidence: [Evidence]) {
        self.text = text
        self.evidence = evidence
    }

    var object: [String: Any] { ["text": text, "evidence": evidence.map(\.object)] }
}
