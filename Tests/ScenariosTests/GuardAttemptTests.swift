import NetIO
import Presign
import Testing
import Transfer

@testable import Scenarios

/// Makes attempts and reads their requests, with no network and no clock.
@Suite struct GuardAttemptTests {
    /// 2026-04-10T22:28:18Z
    private static let now = SigningTime(unixSeconds: 1_775_860_098)

    private func context(api: Bool = false, edge: Bool = false) throws -> GuardContext {
        let endpoint = try Endpoint(
            style: .customPath, region: "us-east-1", bucket: "b", url: "http://s3.test:81")
        let store = GuardContext.Store(
            presigner: URLPresigner(
                credentials: Credentials(accessKey: "AKIAEXAMPLE", secretKey: "secret"),
                endpoint: endpoint),
            origin: Origin(scheme: .http, host: "s3.test", port: 81))
        var context = GuardContext(
            direct: store, store: store, isAccelerated: false,
            limits: GuardContext.Limits(
                smallestBytes: 100, largestBytes: 2000, capBytes: 100_000, apiBodyBytes: 5000,
                lambdaEventBytes: 4000),
            files: GuardFiles(largestBytes: 100_000, largestLyingBytes: 2001, seed: 1),
            expiresSeconds: 300, partBytes: 5 << 20, run: "run1", name: "name1",
            boundary: "BOUNDARY", now: Self.now)
        if api { context.api = gateway("api.test", token: "good") }
        if api { context.apiWithExpiredToken = gateway("api.test", token: "old") }
        if edge { context.edge = gateway("edge.test", token: "good") }
        return context
    }

    private func gateway(_ host: String, token: String) -> GatewayAPI {
        GatewayAPI(
            origin: Origin(scheme: .http, host: host), pathPrefix: "", bucket: "b", token: token)
    }

    private func requests(_ attempt: GuardAttempt) throws -> GuardRequests {
        guard case .requests(let requests) = attempt else { throw Unexpected() }
        return requests
    }

    private struct Unexpected: Error {}

    /// What the moves send when every answer is the given one.
    private func sent(_ requests: GuardRequests, answering answer: Answer) -> [Request] {
        var state = requests.state
        return requests.moves.compactMap { move in
            guard let request = move.make(&state) else { return nil }
            _ = move.read(answer, &state)
            return request
        }
    }

    private func head(_ request: Request?) -> String {
        String(decoding: request?.head ?? [], as: UTF8.self)
    }

    private let ok = Answer(status: 200, body: Array("<UploadId>u1</UploadId><ETag>e</ETag>".utf8))

    // MARK: All of them

    @Test(arguments: [GuardFamily.proxyJSON, .proxyBinary, .put, .form, .parts])
    func `every case is tried or says why not`(_ family: GuardFamily) throws {
        for hasAPI in [true, false] {
            for guardCase in GuardCase.allCases {
                switch try context(api: hasAPI).attempt(guardCase, on: family) {
                case .notApplicable(let reason): #expect(!reason.isEmpty)
                case .requests(let requests):
                    #expect(requests.moves.contains { !$0.isPreparation }, "\(guardCase)")
                }
            }
        }
    }

    @Test(arguments: [GuardFamily.put, .form, .parts])
    func `whatever this process signs stays under the run's name`(_ family: GuardFamily) throws {
        for guardCase in GuardCase.allCases {
            let attempt = try context().attempt(guardCase, on: family)
            guard case .requests(let requests) = attempt else { continue }
            var state = requests.state
            for move in requests.moves {
                _ = move.make(&state)
                _ = move.read(ok, &state)
            }
            #expect(!state.keys.isEmpty)
            #expect(state.keys.allSatisfy { $0.contains("run1") }, "\(guardCase): \(state.keys)")
        }
    }

    @Test func `cases whose refusal could have another reason have a control`() throws {
        for guardCase in GuardCase.allCases where guardCase.needsControl {
            let control = try requests(context().attempt(guardCase, on: .put, isControl: true))
            let attempt = try requests(context().attempt(guardCase, on: .put))
            let heads = try [control, attempt].map { try #require(sent($0, answering: ok).last) }
            #expect(heads[0].head != heads[1].head || control.moves.count < attempt.moves.count)
        }
    }

    // MARK: URLs

    @Test func `another key leaves query and signature as they are`() throws {
        let honest = try requests(context().attempt(.honest, on: .put))
        let other = try requests(context().attempt(.otherUser, on: .put))
        let targets = [honest, other].map {
            head(sent($0, answering: ok).last).split(separator: " ")[1]
        }
        #expect(targets[0].hasPrefix("/b/uploadbench-guard/run1/users/alice/name1.png?"))
        #expect(targets[1].hasPrefix("/b/uploadbench-guard/run1/users/bob/name1.png?"))
        let queries = targets.map { $0.split(separator: "?")[1] }
        #expect(queries[0] == queries[1])
    }

    @Test func `a key with dots goes out with its dots`() throws {
        let attempt = try requests(context().attempt(.dotDot, on: .put))
        let target = head(sent(attempt, answering: ok).last).split(separator: " ")[1]
        #expect(
            target.hasPrefix(
                "/b/uploadbench-guard/run1/users/alice/../uploadbench-guard-run1/name1.png?"))
    }

    @Test(arguments: [
        (GuardCase.clockAheadBy20min, "20260410T224818Z", 300),
        (.clockBehindBy60s, "20260410T222718Z", 300),
        (.shortExpires, "20260410T222718Z", 30),
        (.replayAfterExpiry, "20260410T221818Z", 300),
    ])
    func `the signer's clock is off instead of waiting`(
        _ guardCase: GuardCase, _ date: String, _ life: Int
    ) throws {
        let attempt = try requests(context().attempt(guardCase, on: .put))
        let put = head(sent(attempt, answering: ok).last)
        #expect(put.contains("X-Amz-Date=\(date)&X-Amz-Expires=\(life)&"), "\(put)")
    }

    @Test func `a signed length is sent with one byte more`() throws {
        let attempt = try requests(context().attempt(.signedLength, on: .put))
        let put = head(sent(attempt, answering: ok).last)
        #expect(put.contains("X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost"))
        #expect(put.contains("\r\nContent-Length: 2001\r\n"))
    }

    // MARK: Forms

    @Test func `a file that is not last stands before every field`() throws {
        let attempt = try requests(context().attempt(.fileNotLast, on: .form))
        let form = try #require(sent(attempt, answering: ok).last)
        let text = form.body.map { slice -> String in
            if case .bytes(let bytes) = slice { return String(decoding: bytes, as: UTF8.self) }
            return "<file>"
        }.joined()
        let parts = text.components(between: "form-data; name=\"", and: "\"")
        #expect(parts.first == "file")
        #expect(Set(parts.dropFirst()).isSuperset(of: ["key", "policy", "x-amz-signature"]))
        #expect(text.hasSuffix("\r\n--BOUNDARY--\r\n"))
    }

    @Test func `the sizes that a form is to allow are asked of the API`() throws {
        let attempt = try requests(context(api: true).attempt(.tooSmall, on: .form))
        let ask = head(sent(attempt, answering: ok).first)
        #expect(ask.contains("&minBytes=100&maxBytes=2000 HTTP/1.1"))
        #expect(attempt.fileBytes == 99)
    }

    // MARK: Proxies

    @Test func `one byte over Lambda's limit is the first body that is over it`() throws {
        let attempt = try requests(context(api: true).attempt(.oneByteTooLarge, on: .proxyJSON))
        let body = try #require(sent(attempt, answering: ok).last).bodyCount
        #expect((4001...4004).contains(body))
    }

    // MARK: Browsers

    @Test func `a foreign page asks before a PUT and not before a form`() throws {
        let put = try requests(context().attempt(.foreignOrigin, on: .put))
        let methods = sent(put, answering: ok).map { head($0).prefix { $0 != " " } }
        #expect(methods == ["OPTIONS", "PUT"])
        let form = try requests(context().attempt(.foreignOrigin, on: .form))
        let posted = sent(form, answering: ok)
        #expect(posted.map { head($0).prefix { $0 != " " } } == ["POST"])
        #expect(head(posted[0]).contains("\r\nOrigin: https://foreign.example\r\n"))
    }

    @Test func `a preflight that allows nothing ends the attempt, whatever its status`() throws {
        let attempt = try requests(context().attempt(.foreignOrigin, on: .put))
        var state = attempt.state
        _ = attempt.moves[0].make(&state)
        #expect(attempt.moves[0].read(Answer(status: 403), &state) == .refused)
        #expect(attempt.moves[0].read(Answer(status: 200), &state) == .refusedByBrowser)
    }

    // MARK: Judgement

    @Test func `what was there before is not taken for the attempt`() throws {
        let attempt = try requests(context().attempt(.replayAfterExpiry, on: .put))
        let state = attempt.state
        let seed = FoundObject(
            key: state.key, sizeBytes: Int64(GuardFiles.seedBytes), contentType: "image/png",
            metadata: nil)
        #expect(attempt.attempted(state, among: [seed]) == nil)
        let own = FoundObject(
            key: state.key, sizeBytes: attempt.fileBytes, contentType: "image/png", metadata: nil)
        #expect(attempt.attempted(state, among: [own]) == own)
        #expect(attempt.judge(state, among: [own]) == .stored)
    }

    @Test func `a header that was ignored is no hole`() throws {
        let attempt = try requests(context().attempt(.addedHeader, on: .put))
        let found = { (owner: String?) in
            [
                FoundObject(
                    key: attempt.state.key, sizeBytes: attempt.fileBytes, contentType: "image/png",
                    metadata: owner)
            ]
        }
        #expect(attempt.judge(attempt.state, among: found(nil)) == .confined)
        #expect(attempt.judge(attempt.state, among: found("mallory")) == .stored)
    }

    @Test func `an object that is gone was removed`() throws {
        let attempt = try requests(context().attempt(.changedMethod, on: .put))
        #expect(attempt.judge(attempt.state, among: []) == .removed)
    }
}

extension String {
    fileprivate func components(between opening: String, and closing: String) -> [String] {
        var found: [String] = []
        var rest = self[...]
        while let start = rest.firstRange(of: opening) {
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: closing) else { break }
            found.append(String(rest[..<end.lowerBound]))
        }
        return found
    }
}
