import Foundation
import NetIO
import Presign
import Transfer

/// Attempts on a presigned PUT, whether the API, the edge or this process gives the permission.
struct PutAttempts {
    let context: GuardContext

    private static let owner = (name: "x-amz-meta-owner", signed: "alice", sent: "mallory")

    func attempt(
        _ guardCase: GuardCase, isControl: Bool
    ) throws(SigningError) -> GuardAttempt {
        switch guardCase {
        case .extraField, .fileNotLast: return .notApplicable("there is no form")
        case .changedHeader, .signedLength, .ifNoneMatch, .checksumMismatch:
            return try withSignedHeader(guardCase, isControl: isControl)
        case .replayAfterExpiry, .clockAheadBy60s, .clockBehindBy60s, .clockAheadBy20min,
            .clockBehindBy20min, .shortExpires:
            return try atAnotherTime(guardCase)
        case .expiredToken: return try withExpiredToken()
        default: return try underUsualPermission(guardCase)
        }
    }

    // MARK: The permission as it is

    private func underUsualPermission(
        _ guardCase: GuardCase
    ) throws(SigningError) -> GuardAttempt {
        let bytes = context.fileBytes(guardCase)
        let file =
            guardCase == .lyingType ? context.files.lyingFile(bytes) : context.files.file(bytes)
        var requests = GuardRequests(moves: [], objectBytes: bytes, fileBytes: bytes)
        requests.note = context.note(guardCase, limitBytes: context.limits.largestBytes)
        requests.moves = try permission(&requests.state, file)
        switch guardCase {
        case .overwrite, .replayBeforeExpiry:
            requests.moves.append(
                guardCase == .overwrite
                    ? context.prepareObject { $0.key }
                    : upload(context.files.seed).asPreparation())
            requests.effect = .overwritten
        case .changedMethod:
            requests.moves.append(upload(context.files.seed).asPreparation())
            requests.moves.append(
                GuardMove(.s3, accepting: [200, 204]) { state in
                    state.target.map { Request("DELETE", $0.pathAndQuery, at: $0.origin) }
                })
            requests.effect = .removed
            return .requests(requests)
        default: break
        }
        requests.moves.append(upload(file, guardCase))
        if let api = context.api, guardCase != .foreignOrigin {
            requests.moves.append(.review(api))
        }
        if case .addedHeader = guardCase {
            requests.effect = .metadata(name: Self.owner.name, value: Self.owner.sent)
        }
        return .requests(requests)
    }

    private func upload(_ body: BodySlice, _ guardCase: GuardCase = .honest) -> GuardMove {
        GuardMove(.s3, accepting: [200]) { [context] state in
            guard var target = state.target else { return nil }
            if let wanted = context.wantedKey(guardCase, from: state.key) {
                state.wantedKey = wanted
                target = target.withKey(wanted, insteadOf: state.key)
            }
            let type =
                guardCase == .wrongType ? GuardFiles.dangerousType : GuardFiles.contentType
            let request = target.put(body, contentType: type)
            guard guardCase == .addedHeader else { return request }
            return request.adding(Self.owner.name, Self.owner.sent)
        }
    }

    /// The requests that bring the permission; none when it is signed here.
    private func permission(
        _ state: inout GuardState, _ file: BodySlice
    ) throws(SigningError) -> [GuardMove] {
        if let edge = context.edge { return [.redirect(edge, file)] }
        if let api = context.api { return [.signedURL(api, isAccelerated: context.isAccelerated)] }
        try sign(&state, .honest)
        return []
    }

    // MARK: Permissions of this process, made as the API makes its own

    private func sign(
        _ state: inout GuardState, _ guardCase: GuardCase, headers: [NameValue] = []
    ) throws(SigningError) {
        state.key = context.ownKey
        let signed = try context.presigner(guardCase).presign(
            key: state.key, headers: [("content-type", GuardFiles.contentType)] + headers,
            expiresSeconds: context.lifeSeconds(guardCase), at: context.signingTime(guardCase))
        state.target = RequestTarget(origin: context.store.origin, pathAndQuery: signed.target)
    }

    private func atAnotherTime(_ guardCase: GuardCase) throws(SigningError) -> GuardAttempt {
        let bytes = context.fileBytes(guardCase)
        var requests = GuardRequests(moves: [], objectBytes: bytes, fileBytes: bytes)
        try sign(&requests.state, guardCase)
        if guardCase == .replayAfterExpiry {
            requests.moves.append(context.prepareObject { $0.key })
        }
        requests.moves.append(upload(context.files.file(bytes)))
        return .requests(requests)
    }

    private func withExpiredToken() throws(SigningError) -> GuardAttempt {
        let bytes = context.fileBytes(.expiredToken)
        let file = context.files.file(bytes)
        var requests = GuardRequests(moves: [], objectBytes: bytes, fileBytes: bytes)
        if context.edge != nil {
            guard let edge = context.edgeWithExpiredToken else { return .openAPI }
            requests.moves = [.redirect(edge, file)]
        } else if context.api != nil {
            guard let api = context.apiWithExpiredToken else { return .openAPI }
            requests.moves = [.signedURL(api, isAccelerated: context.isAccelerated)]
        } else {
            try sign(&requests.state, .expiredToken)
        }
        requests.moves.append(upload(file))
        return .requests(requests)
    }

    private func withSignedHeader(
        _ guardCase: GuardCase, isControl: Bool
    ) throws(SigningError) -> GuardAttempt {
        let limit = context.limits.largestBytes
        let bytes = guardCase == .signedLength && isControl ? limit : context.fileBytes(guardCase)
        let file = context.files.file(bytes)
        var requests = GuardRequests(moves: [], objectBytes: bytes, fileBytes: bytes)
        var signed: NameValue
        var sent: [NameValue] = []
        switch guardCase {
        case .changedHeader:
            signed = (Self.owner.name, Self.owner.signed)
            sent = [isControl ? signed : (Self.owner.name, Self.owner.sent)]
            requests.effect = .metadata(name: Self.owner.name, value: sent[0].value)
        case .signedLength: signed = ("content-length", String(limit))
        case .ifNoneMatch:
            signed = ("if-none-match", "*")
            sent = [signed]
            requests.effect = isControl ? .stored : .overwritten
        default:
            signed = Checksum.header(of: isControl ? file : context.files.seed)
            sent = [signed]
        }
        try sign(&requests.state, guardCase, headers: [signed])
        if guardCase == .ifNoneMatch, !isControl {
            requests.moves.append(context.prepareObject { $0.key })
        }
        requests.moves.append(
            GuardMove(.s3, accepting: [200]) { [sent] state in
                state.target?.put(file, contentType: GuardFiles.contentType, fields: sent)
            })
        return .requests(requests)
    }
}

/// S3 User Guide, "Checking object integrity".
enum Checksum {
    static let headerName = "x-amz-checksum-sha256"

    static func value(of body: BodySlice) -> String {
        Base64.encode(body.withBytes { SHA256.digest($0) }.bytes)
    }

    static func header(of body: BodySlice) -> NameValue { (headerName, value(of: body)) }
}

extension GuardAttempt {
    /// `serve --open`, or no UPLOADBENCH_TOKEN.
    static var openAPI: GuardAttempt { .notApplicable("the API asks for no token") }
}
