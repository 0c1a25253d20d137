/// How an object is cut into parts (S3 User Guide, "Amazon S3 multipart upload limits").
package struct PartPlan: Sendable, Equatable {
    package static let smallestPartBytes: Int64 = 5_242_880
    package static let largestPartBytes: Int64 = 5_368_709_120
    package static let mostParts: Int64 = 10_000

    package let objectBytes: Int64
    package let partBytes: Int64
    package let count: Int

    /// nil for a plan that S3 would refuse. An empty object is one empty part.
    package init?(objectBytes: Int64, partBytes: Int64) {
        guard objectBytes >= 0,
            (Self.smallestPartBytes...Self.largestPartBytes).contains(partBytes)
        else { return nil }
        let count = max(1, (objectBytes - 1) / partBytes + 1)
        guard count <= Self.mostParts else { return nil }
        self.objectBytes = objectBytes
        self.partBytes = partBytes
        self.count = Int(count)
    }

    /// The bytes of a part; the first is 0.
    package func range(_ part: Int) -> Range<Int> {
        let start = Int64(part) * partBytes
        return Int(start)..<Int(min(start + partBytes, objectBytes))
    }
}
