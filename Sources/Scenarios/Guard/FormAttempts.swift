import NetIO
import Presign
import Transfer

/// Attempts on a presigned POST form.
struct FormAttempts {
    let context: GuardContext

    private static let owner = (name: "x-amz-meta-owner", signed: "alice", sent: "mallory")

    func attempt(
        _ guardCase: GuardCase, isControl: Bool
    ) throws(SigningError) -> GuardAttempt {
        switch guardCase {
        case .addedHeader: return .notApplicable("a form's headers say nothing; see extra-field")
        case .signedLength: return .notApplicable("the policy's content-length-range does it")
        case .ifNoneMatch: return .notApplicable("a policy has no such condition")
        case .changedHeader, .checksumMismatch:
            return try withSignedField(guardCase, isControl: isControl)
        case .replayAfterExpiry, .clockAheadBy60s, .clockBehindBy60s, .clockAheadBy20min,
            .clockBehindBy20min, .shortExpires:
            return try atAnotherTime(guardCase)
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
        guard let permission = try permission(&requests.state, guardCase) else { return .openAPI }
        requests.moves = permission
        switch guardCase {
        case .overwrite:
            requests.moves.append(context.prepareObject { $0.key })
            requests.effect = .overwritten
        case .replayBeforeExpiry:
            // A form takes no file as small as the others' seed.
            let seed = context.files.file(context.limits.smallestBytes)
            requests.preparedBytes = [context.limits.smallestBytes]
            requests.moves.append(upload(seed).asPreparation())
            (requests.objectBytes, requests.fileBytes) = (bytes + 1, bytes + 1)
            requests.effect = .overwritten
            requests.moves.append(upload(context.files.file(bytes + 1)))
            return .requests(requests)
        case .changedMethod:
            requests.moves.append(putForm(file))
            requests.objectBytes = nil
            return .requests(requests)
        default: break
        }
        if guardCase == .extraField {
            requests.effect = .metadata(name: Self.owner.name, value: Self.owner.sent)
        }
        requests.moves.append(upload(file, guardCase))
        if let api = context.api, ![.foreignOrigin, .expiredToken].contains(guardCase) {
            requests.moves.append(.review(api))
        }
        return .requests(requests)
    }

    private func upload(_ file: BodySlice, _ guardCase: GuardCase = .honest) -> GuardMove {
        GuardMove(.s3, accepting: [200, 201, 204]) { [context] state in
            var fields = state.fields
            if let wanted = context.wantedKey(guardCase, from: state.key) {
                state.wantedKey = wanted
                fields.set("key", wanted)
            }
            if guardCase == .wrongType { fields.set("Content-Type", GuardFiles.dangerousType) }
            if guardCase == .extraField { fields.append((Self.owner.name, Self.owner.sent)) }
            return state.target?.form(
                fields, file, boundary: context.boundary, fileFirst: guardCase == .fileNotLast)
        }
    }

    /// The form's bytes with another method, at the address of the key: no signature is left in it.
    private func putForm(_ file: BodySlice) -> GuardMove {
        GuardMove(.s3, accepting: [200]) { [context] state in
            guard let target = state.target else { return nil }
            let base = target.pathAndQuery == "/" ? "" : target.pathAndQuery
            let path = base + "/" + PercentEncoding.encode(state.key, keepingSlash: true)
            return RequestTarget(origin: target.origin, pathAndQuery: path)
                .form(state.fields, file, boundary: context.boundary, fileFirst: false)
                .withMethod("PUT")
        }
    }

    /// The requests that bring the form; none when it is signed here, nil where no token can expire.
    private func permission(
        _ state: inout GuardState, _ guardCase: GuardCase
    ) throws(SigningError) -> [GuardMove]? {
        let range = context.limits.smallestBytes...context.limits.largestBytes
        guard let api = context.api else {
            try sign(&state, guardCase)
            return []
        }
        guard guardCase == .expiredToken else {
            return [.signedPost(api, isAccelerated: context.isAccelerated, bytes: range)]
        }
        return context.apiWithExpiredToken.map {
            [.signedPost($0, isAccelerated: context.isAccelerated, bytes: range)]
        }
    }

    // MARK: Forms of this process

    /// One key and one type, as the API has it. For the cases about keys the policy fixes only the
    /// beginning, which is what forms can and URLs cannot.
    private func sign(
        _ state: inout GuardState, _ guardCase: GuardCase, fields: [NameValue] = []
    ) throws(SigningError) {
        state.key = context.ownKey
        let isPrefix = context.wantedKey(guardCase, from: state.key) != nil
        let presigner = context.presigner(guardCase)
        let fixed = [(name: "Content-Type", value: GuardFiles.contentType)] + fields
        let range = context.limits.smallestBytes...context.limits.largestBytes
        var signer = try PostFormSigner(
            credentials: presigner.credentials, endpoint: presigner.endpoint, fields: fixed,
            conditions: PostFormSigner.exactly(fixed) + [.contentLength(range)],
            expiresSeconds: context.lifeSeconds(guardCase))
        let form = try signer.sign(
            key: isPrefix ? context.ownPrefix + "${filename}" : state.key,
            at: context.signingTime(guardCase))
        state.fields = form.fields
        let path = presigner.endpoint.pathPrefix
        state.target = RequestTarget(
            origin: context.store.origin, pathAndQuery: path.isEmpty ? "/" : path)
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

    private func withSignedField(
        _ guardCase: GuardCase, isControl: Bool
    ) throws(SigningError) -> GuardAttempt {
        let bytes = context.fileBytes(guardCase)
        let file = context.files.file(bytes)
        var requests = GuardRequests(moves: [], objectBytes: bytes, fileBytes: bytes)
        let isOwner = guardCase == .changedHeader
        let signed: NameValue =
            isOwner
            ? (Self.owner.name, Self.owner.signed)
            : Checksum.header(of: isControl ? file : context.files.seed)
        try sign(&requests.state, guardCase, fields: [signed])
        if isOwner {
            let sent = isControl ? Self.owner.signed : Self.owner.sent
            requests.state.fields.set(Self.owner.name, sent)
            requests.effect = .metadata(name: Self.owner.name, value: sent)
        }
        requests.moves.append(upload(file))
        return .requests(requests)
    }
}

extension [NameValue] {
    /// Gives the field another value.
    fileprivate mutating func set(_ name: String, _ value: String) {
        guard let index = firstIndex(where: { $0.name.lowercased() == name.lowercased() }) else {
            return append((name, value))
        }
        self[index].value = value
    }
}

extension RequestTarget {
    /// A multipart/form-data POST.
    ///
    /// - Parameter fileFirst: the file before all fields, where S3 does not read them any more.
    fileprivate func form(
        _ fields: [NameValue], _ file: BodySlice, boundary: String, fileFirst: Bool
    ) -> Request {
        let make = { (fields: [NameValue]) in
            MultipartForm(
                fields: fields, fileName: "guard.png", contentType: GuardFiles.contentType,
                boundary: boundary)
        }
        let whole = make(fields)
        var body = [BodySlice(bytes: whole.beforeFile), file, BodySlice(bytes: whole.afterFile)]
        if fileFirst {
            let fileHead = make([]).beforeFile
            let fieldBytes = whole.beforeFile.dropLast(fileHead.count)
            body = [
                BodySlice(bytes: fileHead), file,
                BodySlice(bytes: Array("\r\n".utf8) + fieldBytes + whole.afterFile.dropFirst(2)),
            ]
        }
        return Request(
            "POST", pathAndQuery, at: origin,
            fields: [("Content-Type", "multipart/form-data; boundary=\(boundary)")], body: body)
    }
}
