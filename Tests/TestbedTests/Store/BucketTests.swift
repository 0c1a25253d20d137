import Presign
import Testing

@testable import Testbed

@Suite struct BucketTests {
    private func object() throws -> StoredObject {
        StoredObject(
            content: ObjectContent([]), etag: "\"e\"", lastModified: SigningTime(unixSeconds: 0),
            properties: try ObjectProperties(fields: []), checksum: nil)
    }

    @Test func `a bucket with a limit forgets the object that came first`() throws {
        let bucket = Bucket("b", created: SigningTime(unixSeconds: 0), objectLimit: 3)
        for name in ["a", "b", "c", "a", "d"] { bucket.put(try object(), at: ObjectKey(name)) }
        #expect(bucket.keys.map(\.text) == ["b", "c", "d"])
        bucket.put(try object(), at: ObjectKey("e"))
        #expect(bucket.keys.map(\.text) == ["c", "d", "e"])
    }

    @Test func `a bucket without a limit keeps all`() throws {
        let bucket = Bucket("b", created: SigningTime(unixSeconds: 0))
        for name in 0..<1000 { bucket.put(try object(), at: ObjectKey("\(name)")) }
        #expect(bucket.keys.count == 1000)
    }
}
