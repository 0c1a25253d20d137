package import Presign
package import Transfer

/// Requests of the bucket's owner, signed by their header: what prepares a scene, looks at what is
/// left and takes it away.
package struct SignedRequests {
    private let store: GuardContext.Store

    package init(_ store: GuardContext.Store) { self.store = store }

    package func put(_ key: String, _ body: BodySlice, at time: SigningTime) -> Request {
        signed(
            "PUT", key: key, fields: [("Content-Type", GuardFiles.contentType)], body: [body],
            at: time)
    }

    package func head(_ key: String, at time: SigningTime) -> Request {
        signed("HEAD", key: key, at: time)
    }

    package func delete(_ key: String, at time: SigningTime) -> Request {
        signed("DELETE", key: key, at: time)
    }

    package func abort(_ uploadID: String, of key: String, at time: SigningTime) -> Request {
        signed("DELETE", key: key, query: [("uploadId", uploadID)], at: time)
    }

    /// Multipart uploads under way whose keys begin so.
    ///
    /// - Parameter after: key and upload of the page before, where it was not the last.
    package func listUploads(
        prefix: String, after: (key: String, id: String)? = nil, at time: SigningTime
    ) -> Request {
        let page = after.map { [("key-marker", $0.key)] } ?? []
        let marker = after.map { [("upload-id-marker", $0.id)] } ?? []
        return signed(
            "GET", query: page + [("prefix", prefix)] + marker + [("uploads", "")], at: time)
    }

    /// All versions of objects and their delete markers, where the bucket keeps them.
    package func listVersions(
        prefix: String, after: (key: String, id: String)? = nil, at time: SigningTime
    ) -> Request {
        let page = after.map { [("key-marker", $0.key)] } ?? []
        let marker = after.map { [("version-id-marker", $0.id)] } ?? []
        return signed(
            "GET", query: page + [("prefix", prefix)] + marker + [("versions", "")], at: time)
    }

    package func delete(_ key: String, version: String, at time: SigningTime) -> Request {
        signed("DELETE", key: key, query: [("versionId", version)], at: time)
    }

    /// - Parameter continuation: of the answer before, where it was not the last.
    package func listObjects(
        prefix: String, continuation: String? = nil, at time: SigningTime
    ) -> Request {
        let page = continuation.map { [("continuation-token", $0)] } ?? []
        return signed("GET", query: page + [("list-type", "2"), ("prefix", prefix)], at: time)
    }

    /// Allows one origin.
    package func putCORS(origin: String, at time: SigningTime) -> Request {
        let xml = """
            <CORSConfiguration><CORSRule><AllowedOrigin>\(origin)</AllowedOrigin>\
            <AllowedMethod>PUT</AllowedMethod><AllowedMethod>POST</AllowedMethod>\
            <AllowedHeader>*</AllowedHeader><ExposeHeader>ETag</ExposeHeader></CORSRule></CORSConfiguration>
            """
        return signed("PUT", query: [("cors", "")], body: [.bytes(Array(xml.utf8))], at: time)
    }

    /// Any request, without a signature.
    package func unsigned(_ method: String, key: String? = nil, fields: [NameValue]) -> Request {
        Request(method, path(key), at: store.origin, fields: fields)
    }

    private func path(_ key: String?) -> String {
        let prefix = store.presigner.endpoint.pathPrefix
        guard let key else { return prefix.isEmpty ? "/" : prefix }
        return prefix + "/" + PercentEncoding.encode(key, keepingSlash: true)
    }

    /// Any request, its body not covered by the signature.
    package func signed(
        _ method: String, key: String? = nil, query: [NameValue] = [], fields: [NameValue] = [],
        body: [BodySlice] = [], at time: SigningTime
    ) -> Request {
        let endpoint = store.presigner.endpoint
        let path = path(key)
        let signer = HeaderSigner(
            credentials: store.presigner.credentials, region: store.presigner.region)
        let signed = signer.sign(
            method: method, path: path, query: query,
            headers: [("Host", endpoint.host)] + fields,
            payload: body.isEmpty ? .empty : .unsigned, at: time)
        let pairs = query.map { "\($0.name)=\(PercentEncoding.encode($0.value))" }
        let target = path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
        return Request(
            method, target, at: store.origin, fields: fields + signed.headers, body: body)
    }
}
