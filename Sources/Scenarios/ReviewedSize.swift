import Measure
import Transfer

/// The `size` that a review's answer names, which the API has from the store: what is stored, not what was
/// sent.
package enum ReviewedSize {
    private static let name: StaticString = "\"size\":"

    package enum Found: Equatable, Sendable {
        case none
        case size(Int64)
        /// A member `size` that is no whole number.
        case noSize
    }

    /// A look at each byte: decoding the JSON would take longer than all the rest of the answer.
    package static func find(in body: [UInt8]) -> Found {
        let name = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        return body.withUnsafeBufferPointer { bytes in
            var index = name.count - 1
            while index < bytes.count {
                // Inside a text its quotes would be escaped.
                guard bytes[index] == UInt8(ascii: ":"),
                    bytes[(index - name.count + 1)...index].elementsEqual(name)
                else {
                    index += 1
                    continue
                }
                let rest = bytes[(index + 1)...].drop { $0 == 0x20 }
                let digits = rest.prefix { $0 &- 0x30 < 10 }
                let end = rest.dropFirst(digits.count).first { $0 != 0x20 }
                guard end == UInt8(ascii: ",") || end == UInt8(ascii: "}"),
                    let size = Int64(String(decoding: digits, as: UTF8.self))
                else { return .noSize }
                return .size(size)
            }
            return .none
        }
    }
}

extension UploadEnd {
    /// After the answer to a review: 201, of an object as large as the file.
    static func reviewed(_ answer: Answer, sizeBytes: Int64) -> UploadEnd {
        guard answer.status == 201 else { return .failed(answer) }
        // An API may have nothing to say; what is no object does not come from one.
        let start = answer.body.first { $0 > 0x20 }
        guard start == nil || start == UInt8(ascii: "{") else { return .failed(answer) }
        switch ReviewedSize.find(in: answer.body) {
        case .none: return UploadEnd(.success, httpStatus: answer.status)
        case .size(sizeBytes): return UploadEnd(.success, httpStatus: answer.status)
        case .size, .noSize:
            return UploadEnd(
                .unexpectedAnswer, httpStatus: answer.status, errorCode: "size-differs")
        }
    }
}
