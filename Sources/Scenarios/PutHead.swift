package import Transfer

/// What all PUTs of one file to one place have in common: everything but the target.
package struct PutHead {
    package let content: UploadContent
    private let origin: Origin
    /// From behind the target to the blank line.
    private let ending: [UInt8]
    private let body: [BodySlice]
    private static let method = Array("PUT ".utf8)

    package init(_ content: UploadContent, at origin: Origin) {
        self.content = content
        self.origin = origin
        body = content.body
        ending = Array(
            """
             HTTP/1.1\r\nHost: \(origin.authority)\r\nContent-Type: \(content.contentType)\r\n\
            Content-Length: \(content.sizeBytes)\r\n\r\n
            """.utf8)
    }

    /// A request whose target is written where it is sent from.
    ///
    /// - Parameters:
    ///   - limit: the most that `store` writes.
    ///   - store: writes path and query and answers their length.
    package func request(
        targetBytesLimit limit: Int, _ store: (UnsafeMutableRawBufferPointer) throws -> Int
    ) rethrows -> Request {
        let capacity = Self.method.count + limit + ending.count
        let head = try [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            bytes.copyBytes(from: Self.method)
            let target = UnsafeMutableRawBufferPointer(rebasing: bytes[Self.method.count...])
            count = Self.method.count + (try store(target))
            UnsafeMutableRawBufferPointer(rebasing: bytes[count...]).copyBytes(from: ending)
            count += ending.count
        }
        return Request(origin: origin, head: head, body: body)
    }
}
