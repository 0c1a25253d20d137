import NetIO
import Testing

@testable import Testbed

@Suite struct IdempotencyKeyTests {
    private static let uuid = "0f3c2a1b-4d5e-4f60-8a7b-9c0d1e2f3a4b"

    @Test func `a UUID in lower case is a key`() {
        #expect(IdempotencyKey(Self.uuid)?.uuid == Self.uuid)
    }

    @Test(arguments: [
        "", "x", uuid.uppercased(), uuid + "0", String(uuid.dropLast()), " " + uuid.dropFirst(),
        "{\(uuid.dropFirst().dropLast())}", "../../../../../../../../../../../../", "\"\(uuid)\"",
        uuid.replacing("-", with: ""), uuid.replacing("-", with: "/"),
        uuid.replacing("0", with: "g"),
        uuid.replacing("0", with: "\u{660}"), uuid.replacing("a", with: "\0"),
    ])
    func `anything else is none`(_ text: String) {
        #expect(IdempotencyKey(text) == nil)
        #expect(
            IdempotencyKey.claim(of: HeaderFields([("idempotency-key", text)])) == .malformed)
    }

    @Test func `a request has one key or none`() throws {
        let field = (name: "idempotency-key", value: Self.uuid)
        #expect(IdempotencyKey.claim(of: HeaderFields([])) == .none)
        let key = try #require(IdempotencyKey(Self.uuid))
        #expect(IdempotencyKey.claim(of: HeaderFields([field])) == .key(key))
        #expect(IdempotencyKey.claim(of: HeaderFields([field, field])) == .malformed)
    }

    @Test(arguments: [KeyPolicy.uuid, .perUser, .chosen])
    func `it names the object only where each upload has a new one`(_ policy: KeyPolicy) {
        let naming = UploadNaming(policy: policy)
        let key = naming.key(
            user: "u", fileName: "a.PNG", called: IdempotencyKey(Self.uuid))
        let expected: [KeyPolicy: String] = [
            .uuid: "users/u/\(Self.uuid).png", .perUser: "users/u/upload.png",
            .chosen: "users/u/a.PNG",
        ]
        #expect(key == expected[policy])
    }

    @Test func `a review's number is the object's own, and a UUID`() {
        let number = IdempotencyKey.reviewID(of: "users/u/a")
        #expect(IdempotencyKey(number) != nil)
        #expect(number == IdempotencyKey.reviewID(of: "users/u/a"))
        #expect(number != IdempotencyKey.reviewID(of: "users/u/b"))
    }
}
