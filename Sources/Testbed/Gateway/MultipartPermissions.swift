import NetIO
import Presign

/// `POST /signed-multipart`: begins a multipart upload and signs all its requests.
final class MultipartPermissions {
    private let permissions: Permissions
    private let naming: UploadNaming
    private let store: StoreClient
    private let signings: SigningQueue

    private static let partBytesAllowed: ClosedRange<Int64> = 5_242_880...5_368_709_120
    private static let partLimit: Int64 = 10_000

    init(
        _ permissions: Permissions, _ naming: UploadNaming, _ store: StoreClient, _ loop: EventLoop
    ) {
        signings = SigningQueue(loop)
        self.permissions = permissions
        self.naming = naming
        self.store = store
    }

    /// - Parameter called: names the key. It never gives leave to write over an object: the completion
    ///   is then signed for a new key only.
    func sign(
        _ body: [UInt8], user: String, called: IdempotencyKey?, _ exchange: Exchange,
        _ reply: @escaping Reply
    ) {
        guard let object = try? JSONParser.parse(document: body),
            let type = UploadNaming.contentType(object["contentType"]?.string),
            let size = object["size"]?.integer, size >= 0,
            let partBytes = object["partBytes"]?.integer
        else { return reply(Permissions.invalidParameter) }
        guard Self.partBytesAllowed.contains(partBytes) else {
            return reply(
                GatewayAnswer.error(400, "partBytes must be from 5242880 to 5368709120"))
        }
        let count = max(1, (size - 1) / partBytes + 1)
        guard count <= Self.partLimit else {
            return reply(
                GatewayAnswer.error(
                    400, "\(count) parts are more than 10000: use a larger partBytes"))
        }
        let wantsAcceleration = object["accelerate"]?.isTrue == true
        guard
            let signers = permissions.signers(
                for: exchange.request, isAccelerated: wantsAcceleration)
        else { return reply(Permissions.invalidParameter) }
        let key = naming.key(
            user: user, fileName: object["filename"]?.string ?? "", called: called)
        let condition =
            called != nil && naming.policy == .uuid ? [StoreClient.onlyNew] : []
        store.send("POST", key: Array(key.utf8), query: [("uploads", "")], [("Content-Type", type)])
        { [signings] result in
            guard case .success(let answer) = result, answer.status == 200,
                let id = Self.uploadID(in: answer.body)
            else { return reply(UploadSigning.failed) }
            let upload = UploadSigning.Upload(
                id: id, key: key, partCount: Int(count), partBytes: partBytes, condition: condition)
            signings.add(UploadSigning(upload, signers, exchange, reply))
        }
    }

    private static func uploadID(in body: [UInt8]) -> String? {
        guard let start = body.firstRange(of: Array("<UploadId>".utf8))?.upperBound,
            let end = body[start...].firstIndex(of: UInt8(ascii: "<")), end > start
        else { return nil }
        return String(decoding: body[start..<end], as: UTF8.self)
    }
}

extension JSONValue {
    fileprivate var isTrue: Bool {
        if case .bool(let flag) = self { return flag }
        return false
    }

    /// A number without fraction or exponent.
    fileprivate var integer: Int64? {
        guard case .number(let digits) = self else { return nil }
        return Int64(digits)
    }
}
