import Foundation
import Scenarios
import Testing
import Transfer

@testable import BenchRunner

@Suite struct FormBoundaryTests {
    /// The boundary of the first form of a run with this seed.
    private func boundary(seed: Int) throws -> String {
        let words = ["--signer", "local", "--scenarios", "presigned-post", "--seed", "\(seed)"]
        let plan = try RunPlan(Settings(Arguments(words, for: .run), for: .run, environment: [:]))
        let ready = """
            {"store":"http://127.0.0.1:1","bucket":"uploads","region":"us-east-1",\
            "access_key":"AK","secret_key":"SK"}
            """
        let target = try RunTarget(readyFile: Data(ready.utf8), plan: plan)
        let cell = Cell(scenario: .presignedPost, sizeBytes: 1, round: 1)
        let scenario = try ScenarioFactory(plan, target).maker(for: cell)(0)
        let content = UploadContent(
            payload: Payload(byteCount: 1, prefix: [], seed: 1), contentType: "image/png",
            fileName: "a.png")
        guard case .send(let form) = scenario.begin(content, unixSeconds: 1_700_000_000) else {
            Issue.record("no form is sent")
            return ""
        }
        let head = String(decoding: form.request.head, as: UTF8.self)
        let start = try #require(head.firstRange(of: "boundary=")?.upperBound)
        return String(head[start...].prefix { $0 != "\r\n" })
    }

    /// A file may hold all that an earlier run with its seed has sent.
    @Test
    func `a form's boundary is another in each run, of the same seed too, and always as long`()
        throws
    {
        let boundaries = try (0..<20).map { try boundary(seed: $0 / 2) }
        #expect(Set(boundaries).count == 20)
        #expect(Set(boundaries.map(\.utf8.count)) == [44])
    }
}
