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

        /// Of the answer's root element.
        fileprivate var documentName: String {
            switch self {
            case .objects: "ListBucketResult"
            case .uploads: "ListMultipartUploadsResult"
            case .versions: "ListVersionsResult"
            }
        }

        /// One that was cut off would hide the objects that it no longer names, and a document type could
        /// give names by entities.
        fileprivate func isWhole(_ text: String) -> Bool {
            let end = text.unicodeScalars.lastIndex { !$0.properties.isWhitespace }
            guard text.contains("<" + documentName), !text.contains("<!DOCTYPE"), let end else {
                return false
            }
            return text[...end].hasSuffix("</\(documentName)>")
                || text[...end].hasSuffix("<\(documentName)/>")
        }
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
        var emptyPages = 0
        var seen: Set<[String]> = []
        while true {
            let text = try ask(kind, prefix, after)
            guard kind.isWhole(text) else {
                throw Failure(kind: kind, status: nil, reason: "the answer is no whole listing")
            }
            // Whoever lists deletes: what a server names besides is not the caller's.
            let entries = Self.entries(kind, in: text).filter { Self.isKey($0.key, below: prefix) }
            guard try use(entries), let next = Self.next(kind, in: text), next != ("", "") else {
                return
            }
            emptyPages = entries.isEmpty ? emptyPages + 1 : 0
            // One that goes round comes back to a place, or to what it has shown.
            var isNew = seen.insert([next.key, next.id]).inserted
            if let first = entries.first {
                isNew = seen.insert([first.key, first.id ?? "", ""]).inserted && isNew
            }
            guard isNew, emptyPages < Self.emptyPageLimit else {
                throw Failure(kind: kind, status: nil, reason: "the listing does not end")
            }
            after = next
        }
    }

    /// S3 may answer a page without entries; a server that goes on with them is lost.
    private static let emptyPageLimit = 20

    /// As bytes, and without the steps by which a path would leave it.
    static func isKey(_ key: String, below prefix: String) -> Bool {
        key.utf8.starts(with: prefix.utf8) && key.utf8.count > prefix.utf8.count
            && !key.split(separator: "/").contains { $0 == "." || $0 == ".." }
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
