import NetIO
import Presign
import Transfer

/// Attempts on a presigned multipart upload: creation, parts one after the other, completion.
struct PartAttempts {
    let context: GuardContext

    private static let owner = (name: "x-amz-meta-owner", signed: "alice", sent: "mallory")

    private enum ClaimedChecksum { case own, other }

    /// What the attempt does to the requests of an upload that is otherwise as it should be.
    private struct Change {
        var createHeaders: [NameValue] = []
        /// Instead of the signed ones.
        var sentCreateHeaders: [NameValue]?
        var createType = GuardFiles.contentType
        var partHeaders: [NameValue] = []
        /// Each part names its SHA-256, or that of other bytes.
        var checksum: ClaimedChecksum?
        var unsignedPartHeaders: [NameValue] = []
        var partType: String?
        var completeHeaders: [NameValue] = []
        var partMethod: String?
        var wantsKeyOf: GuardCase?
    }

    func attempt(
        _ guardCase: GuardCase, isControl: Bool
    ) throws(SigningError) -> GuardAttempt {
        let limit = context.limits.largestBytes
        let bytes = guardCase == .signedLength && isControl ? limit : context.fileBytes(guardCase)
        let file =
            guardCase == .lyingType ? context.files.lyingFile(bytes) : context.files.file(bytes)
        var requests = GuardRequests(moves: [], objectBytes: bytes, fileBytes: bytes)
        requests.note = context.note(guardCase, limitBytes: limit)
        var change = Change()
        switch guardCase {
        case .extraField, .fileNotLast: return .notApplicable("there is no form")
        case .wrongType:
            // The type is the creation's; a part's says nothing.
            change.partType = GuardFiles.dangerousType
            if context.api == nil { change.createType = GuardFiles.dangerousType }
            requests.effect = .contentType(GuardFiles.dangerousType)
        case .outsidePrefix, .dotDot, .otherUser: change.wantsKeyOf = guardCase
        case .changedMethod: change.partMethod = "DELETE"
        case .changedHeader:
            change.createHeaders = [(Self.owner.name, Self.owner.signed)]
            let sent = isControl ? Self.owner.signed : Self.owner.sent
            change.sentCreateHeaders = [(Self.owner.name, sent)]
            requests.effect = .metadata(name: Self.owner.name, value: sent)
        case .addedHeader:
            change.unsignedPartHeaders = [(Self.owner.name, Self.owner.sent)]
            requests.effect = .metadata(name: Self.owner.name, value: Self.owner.sent)
        case .signedLength: change.partHeaders = [("content-length", String(limit))]
        case .checksumMismatch:
            change.createHeaders = [
                ("x-amz-checksum-algorithm", "SHA256"), ("x-amz-checksum-type", "COMPOSITE"),
            ]
            change.checksum = isControl ? .own : .other
        case .ifNoneMatch:
            change.completeHeaders = [("if-none-match", "*")]
            if !isControl { requests.effect = .overwritten }
        case .overwrite: requests.effect = .overwritten
        default: break
        }
        guard try build(&requests, guardCase, file, change, isControl: isControl) else {
            return .openAPI
        }
        return .requests(requests)
    }

    // MARK: The requests of an upload

    /// - Returns: false where no token can expire.
    private func build(
        _ requests: inout GuardRequests, _ guardCase: GuardCase, _ file: BodySlice,
        _ change: Change, isControl: Bool
    ) throws(SigningError) -> Bool {
        let plan = partRanges(file.count)
        // What the API does not sign in this way is signed here, as is all without an API.
        let api = Self.isSignedHere(guardCase) ? nil : context.api
        if guardCase == .expiredToken, context.api != nil {
            guard let expired = context.apiWithExpiredToken else { return false }
            requests.moves = [creation(expired, file)]
        } else if let api {
            requests.moves = [creation(api, file)]
        } else {
            requests.state.key = context.ownKey
            requests.moves = [create(guardCase, change)]
        }
        if guardCase == .overwrite || (guardCase == .ifNoneMatch && !isControl) {
            requests.moves.append(context.prepareObject { $0.key })
        }
        if guardCase == .replayAfterExpiry {
            requests.moves = requests.moves.map { $0.asPreparation() }
        }
        for (index, range) in plan.enumerated() {
            let isSigned = api != nil || (guardCase == .expiredToken && context.api != nil)
            requests.moves.append(
                part(index, file.cut(range), guardCase, change, isSigned: isSigned))
        }
        if change.partMethod != nil {
            requests.objectBytes = nil
            return true
        }
        requests.moves.append(complete(guardCase, change, isSigned: api != nil))
        if guardCase == .replayBeforeExpiry {
            // The same part once more, when the upload is complete.
            requests.moves = requests.moves.map { $0.asPreparation() }
            requests.moves.append(
                part(0, context.files.seed, .honest, change, isSigned: api != nil))
            requests.preparedBytes = [requests.fileBytes]
            requests.objectBytes = Int64(GuardFiles.seedBytes)
            requests.effect = .overwritten
        } else if let api, guardCase != .foreignOrigin {
            requests.moves.append(.review(api))
        }
        return true
    }

    /// Cases whose permission the API does not give.
    private static func isSignedHere(_ guardCase: GuardCase) -> Bool {
        switch guardCase {
        case .changedHeader, .signedLength, .checksumMismatch, .ifNoneMatch, .replayAfterExpiry,
            .shortExpires:
            true
        default: guardCase.signerClockSeconds != nil
        }
    }

    private func partRanges(_ bytes: Int) -> [Range<Int>] {
        let part = Int(context.partBytes)
        return stride(from: 0, to: max(bytes, 1), by: part).map { $0..<min($0 + part, bytes) }
    }

    private func creation(_ api: GatewayAPI, _ file: BodySlice) -> GuardMove {
        .signedParts(
            api, isAccelerated: context.isAccelerated, fileBytes: Int64(file.count),
            partBytes: context.partBytes)
    }

    /// S3's own creation, presigned.
    private func create(_ guardCase: GuardCase, _ change: Change) -> GuardMove {
        GuardMove(.s3, isReadByPage: true) { [self] state in
            let time =
                guardCase == .replayAfterExpiry ? context.now : context.signingTime(guardCase)
            guard
                let target = target(
                    "POST", [("uploads", "")],
                    [("content-type", GuardFiles.contentType)] + change.createHeaders, state,
                    guardCase, at: time)
            else { return nil }
            let sent = change.sentCreateHeaders ?? change.createHeaders
            return Request(
                "POST", target.pathAndQuery, at: target.origin,
                fields: [("Content-Type", change.createType)] + sent)
        } read: { answer, state in
            guard answer.status == 200, let id = MultipartTargets.uploadID(in: answer.body) else {
                return .refused
            }
            state.uploadID = id
            return .accepted
        }
    }

    private func part(
        _ index: Int, _ body: BodySlice, _ guardCase: GuardCase, _ change: Change, isSigned: Bool
    ) -> GuardMove {
        GuardMove(.s3) { [self] state in
            let query = [
                (name: "partNumber", value: String(index + 1)), ("uploadId", state.uploadID ?? ""),
            ]
            let checksum = checksum(change, body)
            state.checksums[index] = checksum?.value
            let headers = change.partHeaders + (checksum.map { [$0] } ?? [])
            guard
                var target = isSigned
                    ? state.parts.dropFirst(index).first
                    : target("PUT", query, headers, state, guardCase)
            else { return nil }
            if let about = change.wantsKeyOf,
                let wanted = context.wantedKey(about, from: state.key)
            {
                state.wantedKey = wanted
                target = target.withKey(wanted, insteadOf: state.key)
            }
            // HeadWriter gives the length of its own accord.
            let signed = headers.filter { $0.name != "content-length" }
            let request = target.put(
                body, contentType: change.partType, fields: signed + change.unsignedPartHeaders)
            return change.partMethod.map { method in
                Request(method, target.pathAndQuery, at: target.origin)
            } ?? request
        } read: { answer, state in
            guard answer.status == 200 || answer.status == 204 else { return .refused }
            state.etags.append(answer.headers.first("ETag") ?? "")
            return .accepted
        }
    }

    private func complete(_ guardCase: GuardCase, _ change: Change, isSigned: Bool) -> GuardMove {
        GuardMove(.s3) { [self] state in
            guard
                let target = isSigned
                    ? state.complete
                    : target(
                        "POST", [("uploadId", state.uploadID ?? "")], change.completeHeaders,
                        state, guardCase)
            else { return nil }
            return Request(
                "POST", target.pathAndQuery, at: target.origin, fields: change.completeHeaders,
                body: [
                    BodySlice(
                        bytes: CompletionDocument.bytes(etags: state.etags, sha256: state.checksums)
                    )
                ])
        } read: { answer, _ in
            // S3 can answer 200 and then an error (S3 API Reference, "CompleteMultipartUpload").
            answer.status == 200 && answer.body.firstRange(of: Array("<ETag>".utf8)) != nil
                ? .accepted : .refused
        }
    }

    private func checksum(_ change: Change, _ body: BodySlice) -> NameValue? {
        change.checksum.map { Checksum.header(of: $0 == .own ? body : context.files.seed) }
    }

    private func target(
        _ method: String, _ query: [NameValue], _ headers: [NameValue], _ state: GuardState,
        _ guardCase: GuardCase, at time: SigningTime? = nil
    ) -> RequestTarget? {
        let signed = try? context.presigner(guardCase).presign(
            method: method, key: state.key, headers: headers, query: query,
            expiresSeconds: context.lifeSeconds(guardCase),
            at: time ?? context.signingTime(guardCase))
        return signed.map {
            RequestTarget(origin: context.store.origin, pathAndQuery: $0.target)
        }
    }
}
