import Foundation
import NetIO
import Presign
import Transfer

/// Attempts on `POST /images`, where the file comes as Base64 in JSON and the API names the key.
struct ProxyJSONAttempts {
    let context: GuardContext

    func attempt(_ guardCase: GuardCase) -> GuardAttempt {
        guard let api = context.api else { return .notApplicable("there is no API") }
        switch guardCase {
        case .addedHeader: return .notApplicable("the API hands no header on")
        case .ifNoneMatch: return .notApplicable("the API names a new key for each upload")
        case .checksumMismatch: return .notApplicable("the API's body has no place for a checksum")
        default: break
        }
        if let reason = guardCase.reasonWithoutPermission { return .notApplicable(reason) }
        let bytes = fileBytes(guardCase)
        let file =
            guardCase == .lyingType ? context.files.lyingFile(bytes) : context.files.file(bytes)
        var requests = GuardRequests(moves: [], objectBytes: bytes, fileBytes: bytes)
        requests.note = context.note(guardCase, limitBytes: lambdaFileBytes)
        var name = "guard.png"
        var type = GuardFiles.contentType
        switch guardCase {
        case .wrongType:
            type = GuardFiles.dangerousType
            requests.effect = .contentType(type)
        case .outsidePrefix: name = context.outsideKey
        case .otherUser: name = context.otherUsersKey
        case .dotDot: name = context.dotDotKey(from: "")
        case .overwrite:
            requests.moves.append(
                post(api, name, type, context.files.seed, remembers: true).asPreparation())
            requests.effect = .overwritten
        case .expiredToken:
            guard let expired = context.apiWithExpiredToken else { return .openAPI }
            requests.moves = [post(expired, name, type, file)]
            return .requests(requests)
        default: break
        }
        if [.outsidePrefix, .otherUser].contains(guardCase) { requests.effect = .atKey(name) }
        if guardCase == .dotDot { requests.effect = .keyHolding("../") }
        var move = post(api, name, type, file)
        if guardCase == .changedMethod {
            let make = move.make
            move.make = { make(&$0)?.withMethod("PUT") }
        }
        requests.moves.append(move)
        return .requests(requests)
    }

    /// Lambda's limit is on the event, which holds the body and more: the first file whose body alone
    /// is over it.
    private var lambdaFileBytes: Int64 {
        (context.limits.lambdaEventBytes
            - Int64(document("guard.png", GuardFiles.contentType, context.files.file(0)).0)) / 4 * 3
    }

    private func fileBytes(_ guardCase: GuardCase) -> Int64 {
        switch guardCase {
        case .oneByteTooLarge: lambdaFileBytes + 1
        case .hundredTimesTooLarge: context.limits.capBytes
        // The event's envelope takes its share.
        default:
            min(context.fileBytes(guardCase), lambdaFileBytes - min(32_768, lambdaFileBytes / 2))
        }
    }

    private func post(
        _ api: GatewayAPI, _ name: String, _ type: String, _ file: BodySlice,
        remembers: Bool = false
    ) -> GuardMove {
        GuardMove(.api, isReadByPage: true) { [self] _ in
            api.post("/images", document(name, type, file).1)
        } read: { answer, state in
            struct Stored: Decodable { let id: String }
            guard [200, 201].contains(answer.status) else { return .refused }
            let stored = try? JSONDecoder().decode(Stored.self, from: Data(answer.body))
            if remembers { state.earlierKeys.append(stored?.id ?? "") }
            state.key = stored?.id ?? ""
            return .accepted
        }
    }

    /// The body and its length.
    private func document(
        _ name: String, _ type: String, _ file: BodySlice
    ) -> (Int, [BodySlice]) {
        let opening = """
            {"filename":"\(GatewayAPI.jsonEscaped(name))",\
            "contentType":"\(GatewayAPI.jsonEscaped(type))","image":"
            """
        let body = [
            BodySlice(bytes: Array(opening.utf8)),
            BodySlice(bytes: file.withBytes { Base64.encode($0) }),
            BodySlice(bytes: Array("\"}".utf8)),
        ]
        return (body.reduce(0) { $0 + $1.count }, body)
    }
}

/// Attempts on `PUT /uploads/{key}`, which API Gateway hands on to S3 itself.
struct ProxyBinaryAttempts {
    let context: GuardContext

    private static let owner = (name: "x-amz-meta-owner", sent: "mallory")

    func attempt(_ guardCase: GuardCase) -> GuardAttempt {
        guard let api = context.api else { return .notApplicable("there is no API") }
        if let reason = guardCase.reasonWithoutPermission { return .notApplicable(reason) }
        let bytes = fileBytes(guardCase)
        let file =
            guardCase == .lyingType ? context.files.lyingFile(bytes) : context.files.file(bytes)
        var requests = GuardRequests(moves: [], objectBytes: bytes, fileBytes: bytes)
        requests.note = context.note(guardCase, limitBytes: context.limits.apiBodyBytes)
        let name = name(guardCase)
        var type = GuardFiles.contentType
        var header: NameValue?
        switch guardCase {
        case .wrongType:
            type = GuardFiles.dangerousType
            requests.effect = .contentType(type)
        case .outsidePrefix, .otherUser: requests.effect = .atKey(name)
        case .dotDot: requests.effect = .keyHolding("../")
        case .overwrite, .ifNoneMatch:
            requests.moves.append(
                put(api, name, type, context.files.seed, remembers: true).asPreparation())
            requests.effect = .overwritten
            if guardCase == .ifNoneMatch { header = ("If-None-Match", "*") }
        case .addedHeader:
            header = (Self.owner.name, Self.owner.sent)
            requests.effect = .metadata(name: Self.owner.name, value: Self.owner.sent)
        case .checksumMismatch: header = Checksum.header(of: context.files.seed)
        case .expiredToken:
            guard let expired = context.apiWithExpiredToken else { return .openAPI }
            requests.moves = [put(expired, name, type, file)]
            return .requests(requests)
        default: break
        }
        // Looked at too, wherever the API says that it has put the file.
        if [.outsidePrefix, .otherUser].contains(guardCase) {
            requests.state.earlierKeys.append(name)
        }
        var move = put(api, name, type, file)
        let make = move.make
        if let header { move.make = { make(&$0)?.adding(header.name, header.value) } }
        if guardCase == .changedMethod { move.make = { make(&$0)?.withMethod("POST") } }
        requests.moves.append(move)
        if ![.changedMethod, .foreignOrigin].contains(guardCase) {
            requests.moves.append(.review(api))
        }
        return .requests(requests)
    }

    private func fileBytes(_ guardCase: GuardCase) -> Int64 {
        switch guardCase {
        case .oneByteTooLarge: context.limits.apiBodyBytes + 1
        case .hundredTimesTooLarge: context.limits.capBytes
        default: min(context.fileBytes(guardCase), context.limits.apiBodyBytes)
        }
    }

    /// What the client calls the file.
    private func name(_ guardCase: GuardCase) -> String {
        switch guardCase {
        case .outsidePrefix: context.outsideKey
        case .otherUser: context.otherUsersKey
        case .dotDot: context.dotDotKey(from: "")
        default: context.name + ".png"
        }
    }

    private func put(
        _ api: GatewayAPI, _ name: String, _ type: String, _ file: BodySlice,
        remembers: Bool = false
    ) -> GuardMove {
        GuardMove(.api, isReadByPage: true) { _ in
            api.put(
                "/uploads/" + PercentEncoding.encode(name, keepingSlash: true), [file],
                contentType: type)
        } read: { answer, state in
            struct Stored: Decodable { let id: String }
            guard answer.status == 200,
                let stored = try? JSONDecoder().decode(Stored.self, from: Data(answer.body))
            else { return .refused }
            if remembers { state.earlierKeys.append(stored.id) }
            state.key = stored.id
            return .accepted
        }
    }
}
