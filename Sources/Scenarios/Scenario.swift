package import Measure
package import Transfer

/// What is uploaded: bytes that all workers share, and what they claim to be. A class, because it
/// is handed on with every upload, and a reference costs less than three texts.
package final class UploadContent: Sendable {
    package let payload: Payload
    package let contentType: String
    package let fileName: String
    package let sizeBytes: Int64
    /// The whole file.
    package let body: [BodySlice]
    /// The name's extension with its dot, `""` without one.
    package let fileExtension: String

    package init(payload: Payload, contentType: String, fileName: String) {
        self.payload = payload
        self.contentType = contentType
        self.fileName = fileName
        sizeBytes = Int64(payload.byteCount)
        body = payload.slices(0..<payload.byteCount)
        let dot = fileName.lastIndex(of: ".") ?? fileName.startIndex
        fileExtension = dot == fileName.startIndex ? "" : String(fileName[dot...])
    }
}

/// The part of an upload that a request belongs to; its time is counted there.
package enum Phase: Sendable {
    /// Getting the permission to upload.
    case authorize
    /// Moving the bytes.
    case upload
    /// Telling the API that the object is there.
    case notify
}

package struct ScenarioRequest {
    package let phase: Phase
    package var request: Request
    /// Comes back with the answer, to tell requests apart that are under way together.
    package let tag: Int
    /// The request carries the file or a part of it: its sending and waiting times are the upload's.
    package var carriesFile: Bool
    /// Who pointed here by a redirect.
    package var redirectedFrom: Origin?
    /// The strategy needs the answer's ETag, which a browser hides unless told.
    package var needsETag = false

    package init(phase: Phase, request: Request, tag: Int = 0) {
        self.phase = phase
        self.request = request
        self.tag = tag
        carriesFile = phase == .upload
    }
}

/// How an upload ended, as far as the answers tell.
package struct UploadEnd: Sendable, Equatable {
    package let outcome: Outcome
    package let httpStatus: Int?
    package let errorCode: String

    package init(_ outcome: Outcome, httpStatus: Int? = nil, errorCode: String = "") {
        self.outcome = outcome
        self.httpStatus = httpStatus
        self.errorCode = errorCode
    }
}

package enum Step {
    case send(ScenarioRequest)
    /// All at once.
    case sendAll([ScenarioRequest])
    /// For the answers to those that are under way.
    case wait
    case finished(UploadEnd)
}

/// One way of uploading: from the last answer, it names the next request. It does no I/O and
/// reads no clock. An instance carries one upload at a time and is used again for the next.
package protocol Scenario: AnyObject {
    /// The first step of a new upload.
    ///
    /// - Parameter unixSeconds: the wall clock, for signatures.
    func begin(_ content: UploadContent, unixSeconds: Int64) -> Step

    /// The step after an answer.
    ///
    /// - Parameter tag: of the request that it answers.
    func received(_ answer: Answer, tag: Int, unixSeconds: Int64) -> Step

    /// The step after a request that got no answer.
    func failed(_ failure: FailedTransfer, tag: Int, unixSeconds: Int64) -> Step

    /// Requests of this upload that were sent again by the strategy itself.
    var retries: Int { get }

    /// What the next request may make in the bucket, where somebody else chose its key; nil while that
    /// is not known, and where this process chose it.
    var writtenKey: WrittenKey? { get }
}

/// How an object is called that an API stores or lets be stored.
package enum WrittenKey: Sendable, Equatable {
    case key(String)
    /// The last part of the key, which the client chose; the API puts the user's folder before it.
    case name(String)
}

extension Scenario {
    package func failed(_ failure: FailedTransfer, tag: Int, unixSeconds: Int64) -> Step {
        .finished(.lost(failure))
    }

    package var retries: Int { 0 }

    package var writtenKey: WrittenKey? { nil }
}

extension UploadEnd {
    /// A file whose name or type cannot be signed; nothing was sent.
    static let notSigned = UploadEnd(.refused, errorCode: "not-signable")

    /// No answer came.
    static func lost(_ failed: FailedTransfer) -> UploadEnd {
        UploadEnd(Outcome(failed.failure), errorCode: failed.failure.code)
    }

    /// An answer that ends the upload because it is not the one that was needed.
    static func failed(_ answer: Answer) -> UploadEnd {
        let outcome: Outcome =
            switch answer.status {
            case 500...: .serverError
            case 400..<500: .refused
            default: .unexpectedAnswer
            }
        return UploadEnd(
            outcome, httpStatus: answer.status, errorCode: ErrorCode.find(in: answer.body))
    }
}
