import Scenarios
import Testing

@Suite struct MultipartFormTests {
    @Test func `the file's part comes last and its name is escaped as browsers do`() {
        let form = MultipartForm(
            fields: [("key", "a"), ("x\"y", "1\r\n2")], fileName: "a\"b\r\n.png",
            contentType: "image/png", boundary: "B")
        let text = String(decoding: form.beforeFile, as: UTF8.self)
        #expect(
            text == """
                --B\r\nContent-Disposition: form-data; name="key"\r\n\r\na\r\n\
                --B\r\nContent-Disposition: form-data; name="x%22y"\r\n\r\n1\r\n2\r\n\
                --B\r\nContent-Disposition: form-data; name="file"; filename="a%22b%0D%0A.png"\r\n\
                Content-Type: image/png\r\n\r\n
                """)
        #expect(String(decoding: form.afterFile, as: UTF8.self) == "\r\n--B--\r\n")
    }
}
