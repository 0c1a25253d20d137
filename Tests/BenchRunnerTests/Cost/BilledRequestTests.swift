import Testing

@testable import BenchRunner

@Suite struct BilledRequestTests {
    private func names(
        _ strategy: Strategy, _ client: ClientPlan.Kind = .native,
        _ signer: RunPlan.Signer = .gateway
    ) -> [String] {
        RequestWalk(strategy: strategy, client: client, signer: signer).requests().map {
            "\($0.role.rawValue) \($0.name)"
        }
    }

    @Test func `the requests are those of the strategies' description`() {
        #expect(names(.proxyJSON) == ["api POST /images"])
        #expect(names(.proxyBinary) == ["api PUT /uploads/{key}", "api POST /reviews"])
        #expect(
            names(.edgeRedirect)
                == ["edge PUT to the edge", "store PUT object", "api POST /reviews"])
        #expect(
            names(.presignedPut) == [
                "api GET /signed-url", "store PUT object", "api POST /reviews",
            ])
        #expect(
            names(.presignedPost) == [
                "api GET /signed-post", "store POST form", "api POST /reviews",
            ])
        #expect(
            names(.acceleratedPost)
                == ["api GET /signed-post", "accelerate POST form", "api POST /reviews"])
        #expect(
            names(.presignedMultipart) == [
                "api POST /signed-multipart", "store PUT part", "store POST complete",
                "api POST /reviews",
            ])
    }

    @Test func `a browser asks before a PUT and before each call with a token, not before a form`()
    {
        #expect(
            names(.presignedPut, .browser) == [
                "api OPTIONS /signed-url", "api GET /signed-url", "store OPTIONS object",
                "store PUT object", "api OPTIONS /reviews", "api POST /reviews",
            ])
        #expect(
            names(.presignedPost, .browser) == [
                "api OPTIONS /signed-post", "api GET /signed-post", "store POST form",
                "api OPTIONS /reviews", "api POST /reviews",
            ])
        #expect(names(.edgeRedirect, .browser).filter { $0.contains("OPTIONS") }.count == 3)
    }

    @Test func `a local signer leaves the API out`() {
        #expect(names(.presignedPut, .native, .local) == ["store PUT object"])
        #expect(names(.acceleratedPost, .native, .local) == ["accelerate POST form"])
        #expect(
            names(.presignedMultipart, .native, .local)
                == ["store POST create", "store PUT part", "store POST complete"])
    }

    @Test func `Base64 makes four bytes of three, and only the file's request grows with it`()
        throws
    {
        let image = try #require(
            RequestWalk(strategy: .proxyJSON, client: .native, signer: .gateway).requests().first)
        let around = image.bodyOverheadBytes
        // {"filename":"upload.jpg","contentType":"image/jpeg","image":""}
        #expect(around == 63)
        #expect(image.bodyBytes(fileBytes: 300) == around + 400)
        #expect(image.bodyBytes(fileBytes: 301) == around + 404)
        let put = RequestWalk(strategy: .proxyBinary, client: .native, signer: .gateway).requests()
        #expect(put[0].bodyBytes(fileBytes: 300) == 300)
        #expect(put[1].bodyBytes(fileBytes: 300) == put[1].bodyOverheadBytes)
    }

    @Test func `parts and their preflights repeat, the rest of a multipart upload does not`() {
        let requests = RequestWalk(
            strategy: .presignedMultipart, client: .browser, signer: .gateway
        ).requests()
        #expect(
            requests.filter(\.isPerPart).map(\.name) == ["OPTIONS part", "PUT part"])
    }
}
