package import Transfer

/// Signs PUTs in this process, so that an upload needs no API.
package protocol PutSigning: AnyObject {
    func signedPut(for content: UploadContent, unixSeconds: Int64) throws -> Request
}

/// Signs forms in this process.
package protocol PostSigning: AnyObject {
    func signedForm(for content: UploadContent, unixSeconds: Int64) throws -> SignedForm
}

/// Where a form goes, and its fields but the file.
package struct SignedForm {
    package let target: RequestTarget
    package let fields: [(name: String, value: String)]

    package init(target: RequestTarget, fields: [(name: String, value: String)]) {
        self.target = target
        self.fields = fields
    }
}
