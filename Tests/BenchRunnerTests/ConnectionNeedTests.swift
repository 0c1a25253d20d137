import Testing

@testable import BenchRunner

@Suite struct ConnectionNeedTests {
    private func plan(_ words: String...) throws -> RunPlan {
        try RunPlan(Settings(Arguments(words, for: .run), for: .run, environment: [:]))
    }

    private let elsewhere = [
        "--target", "http://10.0.0.1:9000", "--bucket", "b", "--signer", "local",
    ]

    @Test func `kept connections: one per upload under way, or the window of its parts`() throws {
        let kept = try plan("--link", "loopback", "-c", "100", "--scenarios", "presigned-put")
        #expect(ConnectionNeed(kept).descriptors(for: 100) == 100)
        let parts = try plan(
            "--link", "loopback", "-c", "100", "--scenarios", "presigned-multipart", "--size",
            "64MiB", "--part-window", "6")
        #expect(ConnectionNeed(parts).descriptors(for: 100) == 600)
        let single = try plan(
            "--link", "loopback", "-c", "100", "--scenarios", "presigned-multipart", "--size",
            "1MiB")
        #expect(ConnectionNeed(single).descriptors(for: 100) == 100)
    }

    @Test func `fresh connections to each host, three descriptors each where a link is emulated`()
        throws
    {
        let plan = try plan("--link", "far", "-c", "10", "--scenarios", "presigned-put")
        let need = ConnectionNeed(plan)
        #expect(need.descriptors(for: 10) == 60)
        #expect(need.uploads(in: 61) == 10)
    }

    @Test func `the open model is bounded by its cap, which only as a default may be lowered`()
        throws
    {
        let given = ConnectionNeed(try plan("-r", "5", "--max-in-flight", "70"))
        #expect(given.wantedUploads == 70)
        #expect(!given.isDefault)
        #expect(ConnectionNeed(try plan("-r", "5")).isDefault)
    }

    @Test func `more clients than descriptors are refused before the run, with what fits`() throws {
        var plan = try plan("--link", "far", "-c", "100000")
        do throws(CommandError) {
            try DescriptorLimit.fit(&plan)
        } catch {
            #expect(error.exitCode == .usage)
            #expect(error.message.contains("ulimit -n"))
            #expect(error.message.contains("take --concurrency"))
            return
        }
        // A machine that gives a process a million descriptors has room.
        #expect(plan.client.connectionLimit >= 100_000)
    }

    @Test func `threads take the cores that the target leaves`() throws {
        let all = try plan("--link", "loopback")
        #expect(all.defaultThreads(cores: 16) == 12)
        #expect(all.defaultThreads(cores: 2) == 1)
        let two = try plan("--scenarios", "presigned-put")
        #expect(two.defaultThreads(cores: 16) == 14)
        #expect(
            try plan("--signer", "local", "--scenarios", "presigned-put")
                .defaultThreads(cores: 16) == 15)
        let arguments = try Arguments(elsewhere, for: .run)
        let far = try RunPlan(Settings(arguments, for: .run, environment: [:]))
        #expect(far.defaultThreads(cores: 16) == 16)
        let near = try plan(
            "--target", "http://127.0.0.1:9000", "--bucket", "b", "--signer", "local")
        #expect(near.defaultThreads(cores: 16) == 8)
    }
}
