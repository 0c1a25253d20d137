import Foundation
import Presign
import Scenarios

/// A presigned request as JSON, as a curl command or as a vegeta target.
struct PresignPrinter {
    let format: String
    private let file: String?
    private let contents: Data?

    init(format: String, file: String?) throws(CommandError) {
        self.format = format
        self.file = file
        guard format == "vegeta", let file else {
            contents = nil
            return
        }
        contents = Data(try InputFile.read(file, for: "--file", limit: 1 << 30))
    }

    func text(
        for request: PresignedRequest, method: String, headers: [NameValue]
    ) throws(CommandError) -> String {
        switch format {
        case "curl":
            // --path-as-is: curl would resolve dot segments, which are part of the key.
            var words = ["curl", "--path-as-is", "-X", method]
            for (name, value) in headers {
                // A value must be given as "Name;" when it is empty (curl(1), --header).
                words += ["-H", quoted(value.isEmpty ? "\(name);" : "\(name): \(value)")]
            }
            if method == "PUT" { words += ["--upload-file", quoted(file ?? "FILE")] }
            return (words + [quoted(request.url)]).joined(separator: " ")
        case "vegeta":
            return target(method: method, url: request.url, headers: headers, body: contents)
        default:
            let text = JSONString.quoted
            return "{\"method\": \(text(method, false)), \"url\": \(text(request.url, false)), "
                + "\"headers\": \(object(headers)), \"signature\": \(text(request.signature, false))}"
        }
    }

    func text(for form: PresignedForm, key: String) throws(CommandError) -> String {
        switch format {
        case "curl":
            // --form-string: a value that begins with @ or < is no file name here.
            let fields = form.fields.map { "--form-string \(quoted("\($0.name)=\($0.value)"))" }
            let words = ["curl"] + fields + ["-F", quoted("file=@\(file ?? "FILE")")]
            return (words + [quoted(form.url)]).joined(separator: " ")
        case "vegeta":
            guard let contents, let file else {
                throw .usage("a form for vegeta holds the file: give --file PATH")
            }
            let boundary = "uploadbench-\(RandomSource().uuid())"
            let multipart = MultipartForm(
                fields: form.fields, fileName: URL(fileURLWithPath: file).lastPathComponent,
                contentType: "application/octet-stream", boundary: boundary)
            return target(
                method: "POST", url: form.url,
                headers: [("Content-Type", "multipart/form-data; boundary=\(boundary)")],
                body: Data(multipart.beforeFile) + contents + Data(multipart.afterFile))
        default:
            return "{\"url\": \(JSONString.quoted(form.url)), \"fields\": \(object(form.fields)), "
                + "\"signature\": \(JSONString.quoted(form.signature))}"
        }
    }

    private func target(
        method: String, url: String, headers: [NameValue], body: Data?
    ) -> String {
        let lists = headers.map {
            "\(JSONString.quoted($0.name)): [\(JSONString.quoted($0.value))]"
        }
        let bodyText = body.map { ", \"body\": \"\($0.base64EncodedString())\"" } ?? ""
        return "{\"method\": \"\(method)\", \"url\": \(JSONString.quoted(url)), "
            + "\"header\": {\(lists.joined(separator: ", "))}\(bodyText)}"
    }

    private func object(_ pairs: [NameValue]) -> String {
        let members = pairs.map { "\(JSONString.quoted($0.name)): \(JSONString.quoted($0.value))" }
        return "{\(members.joined(separator: ", "))}"
    }

    /// In single quotes, as a shell takes it literally.
    private func quoted(_ word: String) -> String {
        "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
