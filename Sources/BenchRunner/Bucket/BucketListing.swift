import Foundation
import Measure
import NetIO
import Presign
import Scenarios
import Transfer

/// Reads a bucket page by page, as its owner.
struct BucketListing {
    let client: SequentialClient
    let requests: SignedRequests

    struct Entry: Sendable, Equatable {
        let key: String
        /// Of a multipart upload or a version; nil for an object.
        var id: String?
        var sizeBytes: Int64?
        /// In seconds of Unix time; of an upload, when it was begun.
        var modified: Double?
    }

    enum Kind: String {
        case objects, uploads, versions
    }

    /// Why a page cannot be had.
    struct Failure: Error {
        let kind: Kind
        let status: Int?
        let reason: String
        /// The server has no such operation, rather than refusing it.
        var isUnsupported: Bool { [404, 405, 501].contains(status) }
    }

    /// Hands over each page until there is no more or `use` says so.
    func each(
        _ kind: Kind, below prefix: String, use: ([Entry]) throws(Failure) -> Bool
    ) throws(Failure) {
        var after: (key: String, id: String)?
        while true {
            let text = try ask(kind, prefix, after)
            let more = try use(Self.entries(kind, in: text))
            guard more, let next = Self.next(kind, in: text), next != after ?? ("", "") else {
                return
            }
            after = next
        }
    }

    private func ask(
        _ kind: Kind, _ prefix: String, _ after: (key: String, id: String)?
    ) throws(Failure) -> String {
        let now = GuardContexts.now
        let request =
            switch kind {
            case .objects:
                requests.listObjects(prefix: prefix, continuation: after?.key, at: now)
            case .uploads: requests.listUploads(prefix: prefix, after: after, at: now)
            case .versions: requests.listVersions(prefix: prefix, after: after, at: now)
            }
        switch client.send(request, isCleaning: true) {
        case .failure(let failed):
            throw Failure(kind: kind, status: nil, reason: failed.failure.message)
        case .success(let answer):
            guard answer.status == 200 else {
                let code = ErrorCode.find(in: answer.body)
                throw Failure(
                    kind: kind, status: answer.status, reason: "\(answer.status) \(code)")
            }
            return String(decoding: answer.body, as: UTF8.self)
        }
    }

    static func entries(_ kind: Kind, in text: String) -> [Entry] {
        let (names, id, time): ([String], String?, String) =
            switch kind {
            case .objects: (["Contents"], nil, "LastModified")
            case .uploads: (["Upload"], "UploadId", "Initiated")
            case .versions: (["Version", "DeleteMarker"], "VersionId", "LastModified")
            }
        return names.flatMap { XMLText.elements($0, in: text) }.compactMap { element in
            guard let key = XMLText.text("Key", in: element) else { return nil }
            return Entry(
                key: key, id: id.flatMap { XMLText.text($0, in: element) },
                sizeBytes: XMLText.text("Size", in: element).flatMap { Int64($0) },
                modified: XMLText.text(time, in: element).flatMap(BarrierClient.seconds))
        }
    }

    private static func next(_ kind: Kind, in text: String) -> (key: String, id: String)? {
        let read = { (name: String) in XMLText.text(name, in: text) }
        switch kind {
        case .objects: return read("NextContinuationToken").map { ($0, "") }
        case .uploads, .versions:
            guard read("IsTruncated") == "true", let key = read("NextKeyMarker") else { return nil }
            return (
                key, read(kind == .uploads ? "NextUploadIdMarker" : "NextVersionIdMarker") ?? ""
            )
        }
    }
}
