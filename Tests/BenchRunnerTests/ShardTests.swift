import Measure
import Testing

@testable import BenchRunner

@Suite struct ShardTests {
    private func shard(_ environment: [String: String], count: Int? = nil) throws -> Shard? {
        var discovery = ShardDiscovery(environment: environment, count: count)
        return try discovery.shard()
    }

    @Test(
        arguments: [
            (["JOB_COMPLETION_INDEX": "3"], 8, 3, 8),
            (
                [
                    "SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_MIN": "1",
                    "SLURM_ARRAY_TASK_STEP": "2",
                    "SLURM_ARRAY_TASK_COUNT": "4",
                ], nil, 2, 4
            ),
            (["SLURM_PROCID": "3", "SLURM_NTASKS": "8"], nil, 3, 8),
            (
                [
                    "SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_PROCID": "1",
                    "SLURM_NTASKS": "2",
                    "SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_MIN": "0",
                    "SLURM_ARRAY_TASK_COUNT": "4",
                ], nil, 7, 8
            ),
            (["AWS_BATCH_JOB_ARRAY_INDEX": "2", "AWS_BATCH_JOB_ARRAY_SIZE": "5"], nil, 2, 5),
            (["AWS_BATCH_JOB_ARRAY_INDEX": "2"], 5, 2, 5),
            (["AWS_BATCH_JOB_NODE_INDEX": "1", "AWS_BATCH_JOB_NUM_NODES": "3"], nil, 1, 3),
            (["PARALLEL_SEQ": "1"], 4, 0, 4),
            (["PARALLEL_SEQ": "4"], 4, 3, 4),
        ] as [([String: String], Int?, Int, Int)])
    func `a scheduler's variables say which shard this is`(
        environment: [String: String], count: Int?, index: Int, of total: Int
    ) throws {
        let shard = try #require(try shard(environment, count: count))
        #expect(shard.index == index)
        #expect(shard.count == total)
    }

    @Test(
        arguments: [
            [:], ["JOB_COMPLETION_INDEX": "3"], ["PARALLEL_SEQ": "2"],
            // A batch script has its job's variables and is no task of a step.
            ["SLURM_JOB_ID": "7", "SLURM_PROCID": "0", "SLURM_NTASKS": "8"],
            ["SLURM_PROCID": "0", "SLURM_NTASKS": "1"],
        ] as [[String: String]])
    func `without a place among several, a run is no shard`(environment: [String: String]) throws {
        #expect(try shard(environment) == nil)
    }

    @Test(
        arguments: [
            (["SLURM_ARRAY_TASK_ID": "8", "SLURM_ARRAY_TASK_COUNT": "4"], nil),
            (["SLURM_ARRAY_TASK_ID": "x", "SLURM_ARRAY_TASK_COUNT": "4"], nil),
            (
                [
                    "SLURM_ARRAY_TASK_ID": "4", "SLURM_ARRAY_TASK_MIN": "1",
                    "SLURM_ARRAY_TASK_STEP": "2",
                    "SLURM_ARRAY_TASK_COUNT": "4",
                ], nil
            ),
            (
                [
                    "SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_COUNT": "4611686018427387904",
                    "SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "4",
                ], nil
            ),
            (["PARALLEL_SEQ": "9"], 8), (["JOB_COMPLETION_INDEX": "8"], 8),
            (["AWS_BATCH_JOB_NODE_INDEX": "1", "AWS_BATCH_JOB_NUM_NODES": "3"], 4),
        ] as [([String: String], Int?)])
    func `variables that contradict each other are refused`(
        environment: [String: String], count: Int?
    ) {
        #expect(throws: CommandError.self) { try shard(environment, count: count) }
    }

    @Test(arguments: ["8/8", "-1/8", "0/0", "1", "1/2/3", "a/b", "", "0/100001"])
    func `what is no i of N from 0 is refused`(text: String) {
        #expect(throws: CommandError.self) { try Shard(parsing: text, "--shard") }
    }

    @Test func `a flag wins over the scheduler`() throws {
        let arguments = try Arguments(["--shard", "1/2"], for: .run)
        let settings = try Settings(arguments, for: .run, environment: [:])
        let plan = try ShardPlan(
            settings, environment: ["SLURM_PROCID": "3", "SLURM_NTASKS": "8"])
        #expect(plan?.shard == Shard(index: 1, count: 2, source: "--shard"))
    }

    @Test func `a task that runs again says so`() throws {
        let slurm = try shard([
            "SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_RESTART_COUNT": "2",
            "SLURM_ARRAY_JOB_ID": "77",
        ])
        #expect(slurm?.attempt == 2)
        #expect(slurm?.jobName == "slurm-77")
        let batch = try shard([
            "AWS_BATCH_JOB_ARRAY_INDEX": "1", "AWS_BATCH_JOB_ARRAY_SIZE": "4",
            "AWS_BATCH_JOB_ATTEMPT": "3", "AWS_BATCH_JOB_ID": "a-b:1",
        ])
        #expect(batch?.attempt == 2)
        #expect(batch?.jobName == "batch-a-b")
    }

    @Test(arguments: ArrivalSchedule.Spacing.allCases)
    func `all shards together start exactly the uploads of one process, at the same times`(
        spacing: ArrivalSchedule.Spacing
    ) throws {
        let schedule = ArrivalSchedule(
            profile: RateProfile(constant: 100), spacing: spacing, seed: 7)
        let whole = Load(
            model: .open(OpenLoad(schedule: schedule, maxInFlight: 10)),
            extent: .duration(.seconds(5)), warmup: .zero)
        var union: [Arrival] = []
        for index in 0..<7 {
            let part = Shard(index: index, count: 7, source: "").part(of: whole)
            let open = try #require(part.open)
            // Threads split a shard as shards split the run.
            for thread in 0..<2 {
                union += arrivals(open.schedule.stream(open.share.part(thread, of: 2)))
            }
            #expect(part.ratePerSecond.map { abs($0 - 100.0 / 7) < 1e-9 } == true)
        }
        #expect(union.sorted { $0.index < $1.index } == arrivals(schedule.stream()))
    }

    private func arrivals(_ stream: ArrivalStream) -> [Arrival] {
        var (stream, all) = (stream, [Arrival]())
        while let arrival = stream.next(), arrival.offsetNs < 5_000_000_000 { all.append(arrival) }
        return all
    }

    @Test func `clients and counted uploads of the closed model are dealt out whole`() {
        let whole = Load(model: .closed(clients: 10), extent: .uploads(101), warmup: .zero)
        let parts = (0..<4).map { Shard(index: $0, count: 4, source: "").part(of: whole) }
        #expect(parts.compactMap(\.clients) == [3, 3, 2, 2])
        #expect(parts.map(\.extent) == [.uploads(26), .uploads(25), .uploads(25), .uploads(25)])
        #expect(Set(parts.map(\.share.offset)) == [0, 1, 2, 3])
    }
}
