import Testing
import Transfer

@testable import Scenarios

@Suite struct PutHeadTests {
    private let content = UploadContent(
        payload: Payload([1, 2, 3]), contentType: "image/png", fileName: "a.b.png")
    private let origin = Origin(scheme: .http, host: "127.0.0.1", port: 9000)

    @Test func `a head is the method, the target that is written, and the fields of the file`() {
        let head = PutHead(content, at: origin)
        for target in ["/b/k?x=1", "/"] {
            let request = head.request(targetBytesLimit: 50) { place in
                place.copyBytes(from: target.utf8)
                return target.utf8.count
            }
            #expect(
                String(decoding: request.head, as: UTF8.self)
                    == "PUT \(target) HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nContent-Type: image/png\r\n"
                    + "Content-Length: 3\r\n\r\n")
            #expect(request.bodyCount == 3)
        }
    }

    @Test func `a file's extension is what follows the last dot, unless the name begins with it`() {
        let extensions = ["a.b.png", ".profile", "plain", "x."].map {
            UploadContent(payload: Payload([]), contentType: "", fileName: $0).fileExtension
        }
        #expect(extensions == [".png", "", "", "."])
    }
}
