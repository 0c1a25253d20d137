import Presign

/// Why one line of a batch has no answer.
struct PresignLineError: Error {
    let message: String
}

/// Signs one line after the other. Lines that differ in nothing but key and time share a prepared
/// signer.
struct PresignBatchSigner {
    private final class PreparedURL {
        let inputs: PresignURLInputs
        var signer: PresignedURLSigner

        init(_ inputs: PresignURLInputs) throws(SigningError) {
            self.inputs = inputs
            signer = try PresignedURLSigner(
                URLPresigner(credentials: inputs.credentials, endpoint: inputs.endpoint),
                method: inputs.method, headers: inputs.headers,
                expiresSeconds: inputs.expiresSeconds)
        }
    }

    private final class PreparedForm {
        let inputs: PresignFormInputs
        var signer: PostFormSigner

        init(_ inputs: PresignFormInputs) throws(SigningError) {
            self.inputs = inputs
            signer = try PostFormSigner(
                credentials: inputs.place.credentials, endpoint: inputs.place.endpoint,
                fields: inputs.fields, conditions: inputs.conditions,
                expiresSeconds: inputs.place.expiresSeconds)
        }
    }

    private(set) var failedCount = 0
    private var lineNumber = 0
    private var prepared: PreparedURL?
    private var preparedForm: PreparedForm?
    private var endpoints = EndpointMemory()
    private var quick: PresignBatchQuickSigner?
    private var lastURLWasPrepared = false
    /// How many lines in a row were not like the one before.
    private var missCount = 0

    /// Appends the answer to a line; an empty line has none.
    mutating func answer(_ line: ArraySlice<UInt8>, into output: inout [UInt8]) {
        lineNumber += 1
        if let quick {
            if quick.answer(line, into: &output) {
                missCount = 0
                return
            }
            missCount += 1
        }
        guard line.first(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) != nil else { return }
        var id = JSONValue.null
        do throws(PresignLineError) {
            let json = try Self.parse(line)
            id = json["id"] ?? .null
            try sign(json, id, into: &output)
            remember(json, line)
        } catch {
            append(error: "line \(lineNumber): \(error.message)", id, into: &output)
        }
    }

    /// Answers for a line that was not read.
    mutating func refuseLine(_ reason: String, into output: inout [UInt8]) {
        lineNumber += 1
        append(error: "line \(lineNumber): \(reason)", .null, into: &output)
    }

    private static func parse(_ line: ArraySlice<UInt8>) throws(PresignLineError) -> JSONValue {
        do throws(JSONError) {
            let json = try JSONParser.parse(Array(line))
            guard json.object != nil else {
                throw JSONError(offset: 0, reason: "no JSON object")
            }
            return json
        } catch {
            throw PresignLineError(message: "not a JSON object: \(error)")
        }
    }

    private mutating func sign(
        _ json: JSONValue, _ id: JSONValue, into output: inout [UInt8]
    ) throws(PresignLineError) {
        guard let inputs = json["inputs"], inputs.object != nil else {
            throw PresignLineError(message: "'inputs' is missing")
        }
        switch json["kind"]?.string {
        case "url":
            let request = json["request"].flatMap { $0.isNull ? nil : $0 }
            try signURL(
                PresignURLInputs(
                    inputs, request: request, operation: json["operation"]?.string,
                    after: &endpoints),
                id, into: &output)
        case "post":
            try signForm(PresignFormInputs(inputs, after: &endpoints), id, into: &output)
        default:
            throw PresignLineError(message: "'kind' must be \"url\" or \"post\"")
        }
    }

    private mutating func signURL(
        _ inputs: PresignURLInputs, _ id: JSONValue, into output: inout [UInt8]
    ) throws(PresignLineError) {
        let url: String
        do throws(SigningError) {
            lastURLWasPrepared = inputs.query.isEmpty
            url = try lastURLWasPrepared ? prepared(for: inputs) : plain(inputs)
        } catch {
            throw PresignLineError(message: error.description)
        }
        Self.append(id, to: &output)
        output += Array(", \"url\": ".utf8)
        JSONString.append(url, to: &output)
        // The signature is the URL's end.
        output += Array(", \"signature\": \"\(url.suffix(64))\"}\n".utf8)
    }

    /// Lines that are like this one but for id, key and time will be answered without parsing.
    private mutating func remember(_ json: JSONValue, _ line: ArraySlice<UInt8>) {
        quick = nil
        // Lines that are never alike would only pay for being looked at.
        guard missCount < 32 || lineNumber.isMultiple(of: 64) else { return }
        guard json["kind"]?.string == "url", let prepared, lastURLWasPrepared else { return }
        quick = line.withUnsafeBytes(PresignBatchShape.init).flatMap {
            try? PresignBatchQuickSigner($0, prepared.inputs)
        }
    }

    private mutating func prepared(for inputs: PresignURLInputs) throws(SigningError) -> String {
        let current: PreparedURL
        if let prepared, prepared.inputs.sharesAllButKey(with: inputs) {
            current = prepared
        } else {
            current = try PreparedURL(inputs)
            prepared = current
        }
        // A typed error does not pass through withUnsafeBytes.
        let result = inputs.key.withUnsafeBytes { key in
            Result { () throws(SigningError) in
                try current.signer.sign(key: key, at: inputs.time)
            }
        }
        return try result.get()
    }

    private func plain(_ inputs: PresignURLInputs) throws(SigningError) -> String {
        try URLPresigner(credentials: inputs.credentials, endpoint: inputs.endpoint).presign(
            method: inputs.method, key: inputs.key, headers: inputs.headers, query: inputs.query,
            expiresSeconds: inputs.expiresSeconds, at: inputs.time
        ).url
    }

    private mutating func prepared(
        for inputs: PresignFormInputs
    ) throws(SigningError) -> PreparedForm {
        if let preparedForm, preparedForm.inputs.sharesAllButKey(with: inputs) {
            return preparedForm
        }
        let made = try PreparedForm(inputs)
        preparedForm = made
        return made
    }

    private mutating func signForm(
        _ inputs: PresignFormInputs, _ id: JSONValue, into output: inout [UInt8]
    ) throws(PresignLineError) {
        guard let key = String(validating: inputs.place.key, as: UTF8.self) else {
            throw PresignLineError(message: "the key of a form must be UTF-8")
        }
        let form: PresignedForm
        do throws(SigningError) {
            form = try prepared(for: inputs).signer.sign(key: key, at: inputs.place.time)
        } catch {
            throw PresignLineError(message: error.description)
        }
        Self.append(id, to: &output)
        output += Array(", \"url\": ".utf8)
        JSONString.append(form.url, to: &output)
        output += Array(", \"fields\": {".utf8)
        for (index, field) in form.fields.enumerated() {
            if index > 0 { output += Array(", ".utf8) }
            JSONString.append(field.name, to: &output)
            output += Array(": ".utf8)
            JSONString.append(field.value, to: &output)
        }
        output += Array("}, \"signature\": \"\(form.signature)\"}\n".utf8)
    }

    private mutating func append(
        error: String, _ id: JSONValue, into output: inout [UInt8]
    ) {
        failedCount += 1
        Self.append(id, to: &output)
        output += Array(", \"error\": ".utf8)
        JSONString.append(error, to: &output)
        output += Array("}\n".utf8)
    }

    /// `{"id": …`, the id as the line has it.
    private static func append(_ id: JSONValue, to output: inout [UInt8]) {
        output += Array("{\"id\": ".utf8)
        switch id {
        case .string(let text): JSONString.append(text, to: &output)
        case .number(let text): output += Array(text.utf8)
        case .bool(let value): output += Array(String(value).utf8)
        default: output += Array("null".utf8)
        }
    }
}
