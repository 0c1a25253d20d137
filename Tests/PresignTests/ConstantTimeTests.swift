import Testing

@testable import Presign

/// The one comparison of signatures and tokens. That it takes the same time is OpenSSL's promise
/// (CRYPTO_memcmp(3)); here is what it answers.
@Suite struct ConstantTimeTests {
    @Test func `only what is the same in every byte and of the same length is equal`() {
        let secret = Array("0123456789abcdef".utf8)
        #expect(constantTimeEqual(secret, secret))
        #expect(constantTimeEqual([], []))
        for index in secret.indices {
            var other = secret
            other[index] ^= 1
            #expect(!constantTimeEqual(secret, other))
            #expect(!constantTimeEqual(secret, Array(secret[..<index])))
        }
        #expect(!constantTimeEqual(secret, secret + [0]))
        #expect(!constantTimeEqual([], [0]))
    }
}
