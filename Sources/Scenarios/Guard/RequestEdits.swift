import Presign
import Transfer

extension Request {
    /// The same request with another method.
    func withMethod(_ method: String) -> Request {
        var edited = self
        let rest = head.drop { $0 != 0x20 }
        edited.head = Array(method.utf8) + rest
        return edited
    }

    /// The same request with one more field.
    func adding(_ name: String, _ value: String) -> Request {
        var edited = self
        edited.head = head.dropLast(2) + Array("\(name): \(value)\r\n\r\n".utf8)
        return edited
    }
}

extension RequestTarget {
    /// The same URL for another key: path changed, query and signature left as they are.
    func withKey(_ key: String, insteadOf old: String) -> RequestTarget {
        let from = PercentEncoding.encode(old, keepingSlash: true)
        let to = PercentEncoding.encode(key, keepingSlash: true)
        let query = pathAndQuery.firstIndex(of: "?") ?? pathAndQuery.endIndex
        let path = pathAndQuery[..<query]
        guard let range = path.firstRange(of: from) else { return self }
        return RequestTarget(
            origin: origin,
            pathAndQuery: path.replacingCharacters(range, to) + pathAndQuery[query...])
    }

    /// A PUT of these bytes, of this type if any, with further fields.
    func put(_ body: BodySlice, contentType: String?, fields: [NameValue] = []) -> Request {
        let type: [NameValue] = contentType.map { [("Content-Type", $0)] } ?? []
        return Request("PUT", pathAndQuery, at: origin, fields: type + fields, body: [body])
    }
}

extension Substring {
    fileprivate func replacingCharacters(_ range: Range<Index>, _ text: String) -> String {
        String(self[..<range.lowerBound]) + text + self[range.upperBound...]
    }
}
