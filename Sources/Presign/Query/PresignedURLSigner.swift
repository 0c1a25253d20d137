/// Presigned URLs for many keys, all else fixed: what is constant within a second is rendered and
/// hashed once, each call only writes the key and runs the remaining compressions.
///
/// One per thread. Two URLs of one second share everything but the key.
package struct PresignedURLSigner: ~Copyable {
    private let presigner: URLPresigner
    private let method: String
    private let headers: [NameValue]
    private let expiresSeconds: Int
    private let canonicalHeaders: CanonicalHeaders

    /// `METHOD\n/prefix/`, room for an encoded key, the tail and the padding.
    private var canonical: UnsafeMutableRawPointer
    private var canonicalCapacity: Int
    private let keyOffset: Int
    private let methodBytes: Int
    private let originBytes: [UInt8]
    private var second: Int64 = -1
    private var scopeDate = ""
    private var tail: [UInt8] = []
    private var urlTail: [UInt8] = []
    private var hmac: SigningMidstate

    private static let encodedKeyLimit = SigningError.keyBytesLimit * 3

    /// - Parameters:
    ///   - headers: what every request will send; `host` is signed always.
    package init(
        _ presigner: URLPresigner, method: String = "PUT", headers: [NameValue] = [],
        expiresSeconds: Int
    ) throws(SigningError) {
        try SigningError.check(expiresSeconds: expiresSeconds)
        try SigningError.check(method: method)
        try SigningError.check(headers: headers)
        self.presigner = presigner
        self.method = method
        self.headers = headers
        self.expiresSeconds = expiresSeconds
        canonicalHeaders = CanonicalHeaders(headers + [("host", presigner.endpoint.host)])
        let path = "\(presigner.endpoint.pathPrefix)/"
        let head = Array("\(method)\n\(path)".utf8)
        methodBytes = method.utf8.count + 1
        keyOffset = head.count
        originBytes = Array("\(presigner.endpoint.scheme)://\(presigner.endpoint.host)".utf8)
        canonicalCapacity = head.count
        canonical = .allocate(byteCount: canonicalCapacity, alignment: 64)
        canonical.copyMemory(from: head, byteCount: head.count)
        hmac = SigningMidstate()
    }

    deinit {
        canonical.deallocate()
    }

    /// An upper bound of what `store` writes at this time for a key of this length.
    package mutating func targetBytesLimit(keyBytes: Int, at time: SigningTime) -> Int {
        prepare(for: time)
        return keyOffset - methodBytes + keyBytes * 3 + urlTail.count + 64
    }

    /// The whole URL.
    package mutating func sign(
        key: String, at time: SigningTime
    ) throws(SigningError) -> String {
        try SigningError.check(keyBytes: key.utf8.count)
        prepare(for: time)
        var key = key
        return key.withUTF8 { url(for: UnsafeRawBufferPointer($0)) }
    }

    /// The whole URL, for a key that is any bytes.
    package mutating func sign(
        key: UnsafeRawBufferPointer, at time: SigningTime
    ) throws(SigningError) -> String {
        try SigningError.check(keyBytes: key.count)
        prepare(for: time)
        return url(for: key)
    }

    /// With operation parameters of this request alone (`partNumber`, `uploadId`), the slower way.
    package func sign(
        key: String, extraQuery: [NameValue], at time: SigningTime
    ) throws(SigningError) -> String {
        try presigner.presign(
            method: method, key: key, headers: headers, query: extraQuery,
            expiresSeconds: expiresSeconds, at: time
        ).url
    }

    /// Writes path and query, as the request line has them, and answers their length.
    package mutating func store(
        key: UnsafeRawBufferPointer, at time: SigningTime,
        to target: UnsafeMutableRawBufferPointer
    ) throws(SigningError) -> Int {
        try SigningError.check(keyBytes: key.count)
        prepare(for: time)
        let encoded = encode(key)
        let pathBytes = keyOffset - methodBytes + encoded
        let total = pathBytes + urlTail.count + 64
        guard total <= target.count, let base = target.baseAddress else {
            throw .bufferTooSmall(neededBytes: total)
        }
        let signature = signature(encodedKeyBytes: encoded)
        base.copyMemory(from: canonical + methodBytes, byteCount: pathBytes)
        storeTail(to: base + pathBytes, signature)
        return total
    }

    /// Path and query, as the request line has them.
    package mutating func signTarget(
        key: String, at time: SigningTime
    ) throws(SigningError) -> String {
        try SigningError.check(keyBytes: key.utf8.count)
        prepare(for: time)
        var key = key
        return key.withUTF8 { text(for: UnsafeRawBufferPointer($0), originBytes: 0) }
    }

    private mutating func url(for key: UnsafeRawBufferPointer) -> String {
        text(for: key, originBytes: originBytes.count)
    }

    /// - Parameter originBytes: how much of scheme and host goes before the path: all or nothing.
    private mutating func text(
        for key: UnsafeRawBufferPointer, originBytes originCount: Int
    ) -> String {
        let encoded = encode(key)
        let signature = signature(encodedKeyBytes: encoded)
        return text(encodedKeyBytes: encoded, signature, originBytes: originCount)
    }

    private func text(
        encodedKeyBytes encoded: Int, _ signature: SHA256Digest, originBytes originCount: Int
    ) -> String {
        let pathBytes = keyOffset - methodBytes + encoded
        let total = originCount + pathBytes + urlTail.count + 64
        return String(unsafeUninitializedCapacity: total) { buffer in
            guard let base = UnsafeMutableRawPointer(buffer.baseAddress) else { return 0 }
            originBytes.withUnsafeBytes { origin in
                UnsafeMutableRawBufferPointer(start: base, count: originCount).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: origin[..<originCount]))
            }
            let path = base + originCount
            path.copyMemory(from: canonical + methodBytes, byteCount: pathBytes)
            storeTail(to: path + pathBytes, signature)
            return total
        }
    }

    private func storeTail(to target: UnsafeMutableRawPointer, _ signature: SHA256Digest) {
        urlTail.withUnsafeBytes { tail in
            UnsafeMutableRawBufferPointer(start: target, count: tail.count).copyMemory(from: tail)
        }
        signature.storeHex(to: target + urlTail.count)
    }

    private mutating func encode(_ key: UnsafeRawBufferPointer) -> Int {
        PercentEncoding.store(key, to: canonical + keyOffset, PercentEncoding.path)
    }

    private mutating func signature(encodedKeyBytes: Int) -> SHA256Digest {
        let padded = complete(encodedKeyBytes: encodedKeyBytes)
        return hash(paddedBytes: padded)
    }

    /// The canonical request behind its key, and the padding: answers its length.
    private func complete(encodedKeyBytes: Int) -> Int {
        let end = keyOffset + encodedKeyBytes
        tail.withUnsafeBytes { tail in
            UnsafeMutableRawBufferPointer(start: canonical + end, count: tail.count).copyMemory(
                from: tail)
        }
        return SHA256.pad(canonical, count: end + tail.count)
    }

    private mutating func hash(paddedBytes: Int) -> SHA256Digest {
        hmac.sign(SHA256Initial.state.finish(paddedBlocks: canonical, byteCount: paddedBytes))
    }

    @inline(__always)
    private mutating func prepare(for time: SigningTime) {
        if time.unixSeconds != second { render(time) }
    }

    /// Renders what this second's URLs share.
    private mutating func render(_ time: SigningTime) {
        let amzDate = time.amzDate
        let scope = CredentialScope(
            date: time.scopeDate, region: presigner.region, service: presigner.service)
        if scope.date != scopeDate {
            hmac.setKey(SigningKey(presigner.credentials, scope: scope))
            scopeDate = scope.date
        }
        hmac.setPrefix(Array("\(signingAlgorithm)\n\(amzDate)\n\(scope)\n".utf8))
        let pairs = URLPresigner.parameters(
            presigner.credentials, scope: scope, amzDate: amzDate,
            expiresSeconds: expiresSeconds, signedHeaders: canonicalHeaders.names)
        urlTail =
            [UInt8(ascii: "?")] + CanonicalRequest.join(pairs) + Array("&X-Amz-Signature=".utf8)
        tail = [0x0A] + CanonicalRequest.join(pairs.sorted()) + [0x0A] + canonicalHeaders.lines
        tail += Array("\n\(canonicalHeaders.names)\n\(unsignedPayload)".utf8)
        reserve(keyOffset + Self.encodedKeyLimit + tail.count + 2 * SHA256.blockBytes)
        second = time.unixSeconds
    }

    private mutating func reserve(_ byteCount: Int) {
        guard byteCount > canonicalCapacity else { return }
        let larger = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
        larger.copyMemory(from: canonical, byteCount: keyOffset)
        canonical.deallocate()
        canonical = larger
        canonicalCapacity = byteCount
    }
}

// MARK: Stages alone, for measuring what each takes

extension PresignedURLSigner {
    /// Writes and pads the canonical request of a key, which the other stages go on from.
    package mutating func canonicalize(
        key: UnsafeRawBufferPointer, at time: SigningTime
    ) -> SigningStage {
        prepare(for: time)
        let encoded = encode(key)
        return SigningStage(
            encodedBytes: encoded, paddedBytes: complete(encodedKeyBytes: encoded))
    }

    /// Canonical request to signature: every compression that a URL takes.
    package mutating func hash(_ stage: SigningStage) -> SHA256Digest {
        hash(paddedBytes: stage.paddedBytes)
    }

    /// The URL with a given signature.
    package func encode(_ stage: SigningStage, _ signature: SHA256Digest) -> String {
        text(encodedKeyBytes: stage.encodedBytes, signature, originBytes: originBytes.count)
    }
}

/// What one stage of signing leaves to the next.
package struct SigningStage {
    let encodedBytes: Int
    let paddedBytes: Int

    init(encodedBytes: Int, paddedBytes: Int) {
        self.encodedBytes = encodedBytes
        self.paddedBytes = paddedBytes
    }

    /// Of nothing.
    package init() { self.init(encodedBytes: 0, paddedBytes: 0) }
}
