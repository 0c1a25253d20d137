import Measure
import Transfer

/// The `size` that a review's answer names, which the API has from the store: what is stored, not what was
/// sent.
package enum ReviewedSize {
    private static let name: StaticString = "\"size\":"

    /// nil where none is named. A look at each byte: decoding the JSON would take longer than all the
    /// rest of the answer.
    package static func find(in body: [UInt8]) -> Int64? {
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
                return Int64(String(decoding: digits, as: UTF8.self))
            }
            return nil
        }
    }
}

extension UploadEnd {
    /// After the answer to a review: 201, of an object as large as the file.
    static func reviewed(_ answer: Answer, sizeBytes: Int64) -> UploadEnd {
        guard answer.status == 201 else { return .failed(answer) }
        guard let stored = ReviewedSize.find(in: answer.body), stored != sizeBytes else {
            return UploadEnd(.success, httpStatus: answer.status)
        }
        return UploadEnd(
            .unexpectedAnswer, httpStatus: answer.status, errorCode: "size-differs")
    }
}
