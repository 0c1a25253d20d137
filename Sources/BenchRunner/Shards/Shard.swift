/// One of several processes that make one load together: it takes every `count`-th arrival, client
/// and upload, from the `index`-th on.
struct Shard: Sendable, Equatable {
    /// From 0.
    let index: Int
    let count: Int
    /// What said so: `--shard`, or the scheduler's variable.
    var source = "--shard"
    /// 0 the first time, more when the scheduler ran the task again.
    var attempt = 0
    /// The scheduler's own name for the whole, a name for the run where none is given.
    var jobName: String?

    static let maximumCount = 100_000

    /// For people: `shard 3 of 0…7`.
    var text: String { "shard \(index) of 0…\(count - 1)" }

    /// - Throws: a usage error for what is no `i/N` with i from 0 to N-1.
    init(parsing text: String, _ source: String) throws(CommandError) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard halves.count == 2, let index = halves[0], let count = halves[1] else {
            throw .usage("\(source): '\(text)' is not I/N; write 0/8 for the first of eight")
        }
        guard (1...Self.maximumCount).contains(count), (0..<count).contains(index) else {
            throw .usage(
                "\(source): '\(text)': of N shards I counts from 0 to N-1; write 0/8 to 7/8")
        }
        self.init(index: index, count: count, source: source)
    }

    init(index: Int, count: Int, source: String, attempt: Int = 0, jobName: String? = nil) {
        self.index = index
        self.count = count
        self.source = source
        self.attempt = attempt
        self.jobName = jobName
    }
}

/// Finds the shard that a scheduler started this process as, from the variables that it sets.
struct ShardDiscovery {
    let environment: [String: String]
    /// `--shards`: for schedulers that tell a task its number and not how many there are.
    let count: Int?

    /// Variables that name a place without saying of how many.
    private(set) var unused: String?

    init(environment: [String: String], count: Int?) {
        self.environment = environment
        self.count = count
    }

    /// nil: started by itself.
    mutating func shard() throws(CommandError) -> Shard? {
        if let shard = try kubernetes() { return shard }
        if let shard = try slurm() { return shard }
        if let shard = try awsBatch() { return shard }
        return try gnuParallel()
    }

    // MARK: Kubernetes Indexed Jobs ("Jobs", completion mode)

    private mutating func kubernetes() throws(CommandError) -> Shard? {
        guard let index = try number("JOB_COMPLETION_INDEX") else { return nil }
        return try counted(index, "JOB_COMPLETION_INDEX", attempt: 0, jobName: nil)
    }

    // MARK: Slurm (sbatch(1) "output environment variables", srun(1))

    private func slurm() throws(CommandError) -> Shard? {
        let array = try slurmArray()
        let step = try slurmStep()
        guard array != nil || step != nil else { return nil }
        let (task, tasks) = step ?? (0, 1)
        let (element, elements) = array ?? (0, 1)
        let source = array == nil ? "SLURM_PROCID" : "SLURM_ARRAY_TASK_ID"
        let job = environment["SLURM_ARRAY_JOB_ID"] ?? environment["SLURM_JOB_ID"]
        // Beyond the limit, which is refused as such, their product may be no number any more.
        let isInRange = max(elements, tasks, element, task) <= Shard.maximumCount
        return try checked(
            isInRange ? element * tasks + task : element, isInRange ? elements * tasks : .max,
            source,
            attempt: try number("SLURM_RESTART_COUNT") ?? 0, jobName: job.map { "slurm-\($0)" })
    }

    private func slurmArray() throws(CommandError) -> (index: Int, count: Int)? {
        guard let id = try number("SLURM_ARRAY_TASK_ID") else { return nil }
        let first = try number("SLURM_ARRAY_TASK_MIN") ?? 0
        let step = max(1, try number("SLURM_ARRAY_TASK_STEP") ?? 1)
        let told = try number("SLURM_ARRAY_TASK_COUNT")
        guard let count = told ?? count else {
            throw .usage(
                "SLURM_ARRAY_TASK_ID is set without SLURM_ARRAY_TASK_COUNT: give --shards N")
        }
        guard id >= first, (id - first) % step == 0 else {
            throw .usage(
                "SLURM_ARRAY_TASK_ID \(id) is none of \(first), \(first + step), …: give --shard I/N"
            )
        }
        return ((id - first) / step, count)
    }

    /// Several tasks of one `srun`. A batch script has these variables too and is no task of a step.
    private func slurmStep() throws(CommandError) -> (index: Int, count: Int)? {
        guard let task = try number("SLURM_PROCID"),
            let tasks = try number(
                environment["SLURM_STEP_NUM_TASKS"] == nil
                    ? "SLURM_NTASKS" : "SLURM_STEP_NUM_TASKS"),
            tasks > 1
        else { return nil }
        let isBatchScript =
            environment["SLURM_JOB_ID"] != nil && environment["SLURM_STEP_ID"] == nil
        return isBatchScript ? nil : (task, tasks)
    }

    // MARK: AWS Batch ("Job environment variables")

    private mutating func awsBatch() throws(CommandError) -> Shard? {
        let attempt = max(0, (try number("AWS_BATCH_JOB_ATTEMPT") ?? 1) - 1)
        // Of an array's child `JOB:INDEX`, of a multi-node job `JOB#NODE`.
        let job = environment["AWS_BATCH_JOB_ID"].map {
            "batch-" + $0.prefix { $0 != ":" && $0 != "#" }
        }
        if let index = try number("AWS_BATCH_JOB_ARRAY_INDEX") {
            let size = try number("AWS_BATCH_JOB_ARRAY_SIZE")
            return try counted(
                index, "AWS_BATCH_JOB_ARRAY_INDEX", of: size, attempt: attempt, jobName: job)
        }
        guard let node = try number("AWS_BATCH_JOB_NODE_INDEX"),
            let nodes = try number("AWS_BATCH_JOB_NUM_NODES")
        else { return nil }
        return try checked(
            node, nodes, "AWS_BATCH_JOB_NODE_INDEX", attempt: attempt, jobName: job)
    }

    // MARK: GNU parallel (parallel(1), "environment variables")

    private mutating func gnuParallel() throws(CommandError) -> Shard? {
        guard let sequence = try number("PARALLEL_SEQ"), sequence >= 1 else { return nil }
        return try counted(sequence - 1, "PARALLEL_SEQ", attempt: 0, jobName: nil)
    }

    // MARK: -

    private mutating func counted(
        _ index: Int, _ source: String, of known: Int? = nil, attempt: Int, jobName: String?
    ) throws(CommandError) -> Shard? {
        guard let count = known ?? count else {
            unused = source
            return nil
        }
        return try checked(index, count, source, attempt: attempt, jobName: jobName)
    }

    private func checked(
        _ index: Int, _ count: Int, _ source: String, attempt: Int, jobName: String?
    ) throws(CommandError) -> Shard {
        guard (1...Shard.maximumCount).contains(count), (0..<count).contains(index) else {
            throw .usage(
                "\(source) makes this shard \(index) of \(count), and they count from 0: does --shards"
                    + " agree with the scheduler?")
        }
        if let expected = self.count, expected != count {
            throw .usage("\(source) says \(count) shards and --shards \(expected)")
        }
        return Shard(
            index: index, count: count, source: source, attempt: attempt, jobName: jobName)
    }

    /// A whole number; nil where the variable is not set, or empty.
    private func number(_ name: String) throws(CommandError) -> Int? {
        guard let text = environment[name], !text.isEmpty else { return nil }
        guard let value = Int(text), value >= 0 else {
            throw .usage("\(name)='\(text)' is not a whole number")
        }
        return value
    }
}
