import NetIO
import Presign
import Scenarios
import Transfer

/// Looks into the bucket as its owner, and takes away what attempts have left there.
struct BucketInspector {
    let client: SequentialClient
    let requests: SignedRequests

    /// The object at a key; nil where there is none or nobody may look.
    func find(_ key: String, metadataName: String?) -> FoundObject? {
        guard let answer = ask(requests.head(key, at: GuardContexts.now)), answer.status == 200
        else { return nil }
        return FoundObject(
            key: key, sizeBytes: answer.headers.first("Content-Length").flatMap { Int64($0) } ?? -1,
            contentType: answer.headers.first("Content-Type") ?? "",
            metadata: metadataName.flatMap { answer.headers.first($0) })
    }

    /// The IDs of multipart uploads of a key; nil where the server cannot say.
    func uploads(of key: String) -> [String]? {
        guard let answer = ask(requests.listUploads(prefix: key, at: GuardContexts.now)),
            answer.status == 200
        else { return nil }
        let text = String(decoding: answer.body, as: UTF8.self)
        return Self.texts("UploadId", in: text)
    }

    /// Keys below a prefix; nil where the server cannot say.
    func keys(below prefix: String) -> [String]? {
        guard let answer = ask(requests.listObjects(prefix: prefix, at: GuardContexts.now)),
            answer.status == 200
        else { return nil }
        return Self.texts("Key", in: String(decoding: answer.body, as: UTF8.self))
    }

    func delete(_ key: String) { _ = ask(requests.delete(key, at: GuardContexts.now)) }

    func abort(_ uploadID: String, of key: String) {
        _ = ask(requests.abort(uploadID, of: key, at: GuardContexts.now))
    }

    private func ask(_ request: Request) -> Answer? {
        try? client.send(request, isCleaning: true).get()
    }

    /// The keys that this program writes need no entities in XML.
    static func texts(_ element: String, in document: String) -> [String] {
        document.components(between: "<\(element)>", and: "</\(element)>")
    }
}

extension String {
    func components(between opening: String, and closing: String) -> [String] {
        var found: [String] = []
        var rest = self[...]
        while let start = rest.firstRange(of: opening) {
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: closing) else { break }
            found.append(String(rest[..<end.lowerBound]))
            rest = rest[end.upperBound...]
        }
        return found
    }
}
