import Foundation
import Transfer

/// Signs the requests of a multipart upload in this process.
package protocol MultipartSigning: AnyObject {
    /// `POST ?uploads` for a new key; the requests that follow are for that key.
    func create(for content: UploadContent, unixSeconds: Int64) throws -> RequestTarget
    /// - Parameter number: from 1.
    func part(_ number: Int, of uploadID: String, unixSeconds: Int64) throws -> RequestTarget
    func complete(_ uploadID: String, unixSeconds: Int64) throws -> RequestTarget
    func abort(_ uploadID: String, unixSeconds: Int64) throws -> RequestTarget
}

/// Who gives the permission for a multipart upload.
package enum MultipartPermissions {
    case gateway(GatewayAPI)
    case local(any MultipartSigning)
}

/// Where the requests of one multipart upload go.
struct MultipartTargets {
    /// nil with a local signer, which nobody has to tell of the upload.
    let key: String?
    let parts: [RequestTarget]
    let complete: RequestTarget
    let abort: RequestTarget
    /// The completion must say that it writes over nothing: so it was signed.
    let completesOnlyNew: Bool

    /// What `POST /signed-multipart` answered; nil if it cannot even be taken back. Whether the parts are
    /// those of the plan is for the caller to see.
    init?(_ answer: Answer) {
        struct Signed: Decodable {
            struct Content: Decodable {
                let parts: [String]
                let complete: String
                let abort: String
                let completeHeaders: [String: String]?
            }
            let id: String
            let data: Content
        }
        guard answer.status == 200,
            let signed = try? JSONDecoder().decode(Signed.self, from: Data(answer.body)),
            let complete = RequestTarget(url: signed.data.complete),
            let abort = RequestTarget(url: signed.data.abort)
        else { return nil }
        parts = signed.data.parts.compactMap(RequestTarget.init(url:))
        key = signed.id
        // No other field is taken from an answer: it could be any.
        completesOnlyNew = signed.data.completeHeaders?["If-None-Match"] == "*"
        self.complete = complete
        self.abort = abort
    }

    /// After S3 has answered the creation itself.
    init?(
        _ answer: Answer, _ plan: PartPlan, _ signer: any MultipartSigning, unixSeconds: Int64
    ) {
        guard answer.status == 200, let id = Self.uploadID(in: answer.body) else { return nil }
        do {
            parts = try (1...plan.count).map {
                try signer.part($0, of: id, unixSeconds: unixSeconds)
            }
            complete = try signer.complete(id, unixSeconds: unixSeconds)
            abort = try signer.abort(id, unixSeconds: unixSeconds)
        } catch {
            return nil
        }
        key = nil
        completesOnlyNew = false
    }

    /// S3 API Reference, "CreateMultipartUpload": `<UploadId>…</UploadId>`.
    static func uploadID(in body: [UInt8]) -> String? {
        guard let start = body.firstRange(of: Array("<UploadId>".utf8))?.upperBound,
            let end = body[start...].firstIndex(of: UInt8(ascii: "<")), end > start
        else { return nil }
        return String(decoding: body[start..<end], as: UTF8.self)
    }
}
