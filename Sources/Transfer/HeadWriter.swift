/// Renders a request head. Line ends in what it is given become spaces: no value can add a line.
package struct HeadWriter {
    private var bytes: [UInt8]

    package init(
        method: String, target: String, origin: Origin, reserving capacity: Int = 512
    ) {
        bytes = []
        bytes.reserveCapacity(capacity)
        append(method)
        bytes.append(0x20)
        append(target)
        append(" HTTP/1.1\r\nHost: ", isOurs: true)
        append(origin.authority)
        endLine()
    }

    package mutating func field(_ name: String, _ value: String) {
        append(name)
        append(": ", isOurs: true)
        append(value)
        endLine()
    }

    package mutating func field(_ name: String, _ value: Int64) {
        field(name, String(value))
    }

    /// The head with its blank line.
    package consuming func finished() -> [UInt8] {
        endLine()
        return bytes
    }

    /// - Parameter isOurs: may hold line ends.
    private mutating func append(_ text: String, isOurs: Bool = false) {
        var text = text
        text.withUTF8 { utf8 in
            let start = bytes.count
            bytes.append(contentsOf: utf8)
            guard !isOurs, utf8.contains(where: { $0 == 13 || $0 == 10 || $0 == 0 }) else { return }
            for index in start..<bytes.count where [13, 10, 0].contains(bytes[index]) {
                bytes[index] = 32
            }
        }
    }

    private mutating func endLine() {
        bytes.append(13)
        bytes.append(10)
    }
}

extension Request {
    /// A request whose head is made of its parts; `Host` and `Content-Length` are added.
    package init(
        _ method: String, _ target: String, at origin: Origin,
        fields: [(name: String, value: String)] = [], body: [BodySlice] = [],
        expectsContinue: Bool = false, redirectLimit: Int = 0
    ) {
        var writer = HeadWriter(method: method, target: target, origin: origin)
        for field in fields { writer.field(field.name, field.value) }
        let bodyBytes = body.reduce(0) { $0 + Int64($1.count) }
        // RFC 9110 §8.6: methods that give a body a meaning say so even when it is empty.
        if bodyBytes > 0 || method == "PUT" || method == "POST" {
            writer.field("Content-Length", bodyBytes)
        }
        if expectsContinue { writer.field("Expect", "100-continue") }
        self.init(
            origin: origin, head: writer.finished(), body: body, expectsContinue: expectsContinue,
            redirectLimit: redirectLimit)
    }
}
