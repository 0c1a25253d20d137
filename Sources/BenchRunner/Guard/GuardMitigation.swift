import Foundation
import Scenarios

/// What closes a hole, and what that costs.
///
/// Prices of us-east-1: S3 GET $0.40 and COPY $5 per million, storage $0.023 per GB and month, Lambda
/// $0.20 per million requests and $0.0000166667 per GB-second (AWS Price List, 2024-07). An event that
/// looks at each object is taken as 128 MB for 50 ms and one GET.
struct GuardMitigation: Equatable {
    let text: String

    private init(_ text: String) { self.text = text }

    /// Lambda's request and duration (0.125 GB x 0.05 s) and one GET, in dollars per million.
    static let eventDollarsPerMillion = 0.20 + 0.125 * 0.05 * 16.6667 + 0.40

    private static var event: String {
        "an S3 event that looks at each object and deletes it: about $"
            + String(format: "%.2f", eventDollarsPerMillion) + " per million uploads"
    }

    static let abortIncompleteUploads = GuardMitigation(
        "parts stay and are billed: a lifecycle rule AbortIncompleteMultipartUpload: free")

    private static let otherServer =
        "this server does not verify what was signed: let only the API reach it, which then pays for every byte"

    static func closing(_ guardCase: GuardCase, _ strategy: Strategy) -> GuardMitigation {
        let family = strategy.guardFamily
        let isProxy = strategy.isProxy
        switch guardCase {
        case .oneByteTooLarge, .hundredTimesTooLarge, .tooSmall:
            return GuardMitigation(isProxy ? "the API looks at the length: free" : size(family))
        case .wrongType:
            return GuardMitigation(
                isProxy
                    ? "the API holds the type to a list: free"
                    : "the review holds the stored type to a list: one HEAD, $0.40 per million uploads"
            )
        case .lyingType:
            return GuardMitigation("the API's review reads the first bytes, or \(event)")
        case .dotDot:
            return GuardMitigation(
                isProxy
                    ? "the API refuses names with '..': free; readers must not resolve keys"
                    : family == .form
                        ? "the policy fixes the whole key, not its beginning: free" : otherServer)
        case .overwrite, .replayBeforeExpiry, .ifNoneMatch:
            return GuardMitigation(overwriting(guardCase, family))
        case .clockAheadBy20min:
            return GuardMitigation(
                "keep the signer's clock right (NTP): free; only the end is looked at"
            )
        case .replayAfterExpiry, .clockBehindBy20min, .shortExpires:
            return GuardMitigation(otherServer)
        case .addedHeader, .changedHeader, .extraField:
            return GuardMitigation(
                "a copy with new metadata after the review: one COPY, $5 per million uploads")
        case .checksumMismatch:
            return GuardMitigation(
                isProxy
                    ? "the API hands the checksum on to S3: free"
                    : "Content-MD5 where the server checks it: free; or the review compares the ETag: one HEAD, $0.40 per million uploads"
            )
        case .foreignOrigin: return GuardMitigation(origin(family))
        case .expiredToken:
            return GuardMitigation(
                isProxy
                    ? otherServer
                    : "session tokens are ignored here: a short Expires, and keys that are changed often: free"
            )
        case .honest, .outsidePrefix, .otherUser, .changedMethod, .fileNotLast, .clockAheadBy60s,
            .clockBehindBy60s, .signedLength:
            return GuardMitigation(otherServer)
        }
    }

    private static func size(_ family: GuardFamily) -> String {
        switch family {
        case .form: "\(otherServer); or \(event)"
        case .parts:
            "sign each part's Content-Length: free, the client says the size first; or \(event)"
        default:
            "sign Content-Length (see signed-length): free, the client says the size first; or a form, whose policy limits it; or \(event)"
        }
    }

    private static func overwriting(_ guardCase: GuardCase, _ family: GuardFamily) -> String {
        let versions = "versioning keeps both: $0.023 per GB and month"
        let move = "the review moves the object on: one COPY, $5 per million uploads"
        if guardCase == .ifNoneMatch {
            return
                "it is ignored here: the API names a new key for each upload: free; or \(versions)"
        }
        switch family {
        case .proxyJSON, .proxyBinary:
            return "the API names the keys, or hands If-None-Match on: free; or \(versions)"
        case .form:
            return
                "a new key for each form, which lives shortly: free; a policy has no If-None-Match; or \(move); or \(versions)"
        case .put, .parts:
            return
                "sign If-None-Match: *: free, the second one gets 412; or \(move); or \(versions)"
        }
    }

    private static func origin(_ family: GuardFamily) -> String {
        switch family {
        case .form:
            "CORS cannot: a form needs no preflight, its page only cannot read the answer. Give permissions to known users only, for a short time: free"
        case .proxyJSON, .proxyBinary:
            "name your origins in the API's CORS: free; it binds browsers only, the token protects"
        default: "name your origins in the bucket's CORS: free; it binds browsers only"
        }
    }
}
