/// What `--client chromium` cannot do is an error before anything starts.
enum ChromiumPlan {
    /// Uploads of a cell where neither a number nor a link's wave is given.
    static let uploads = 3

    static func check(_ settings: Settings, _ plan: RunPlan) throws(CommandError) {
        guard plan.client.kind == .chromium else { return }
        if plan.target != .embedded {
            throw .usage(
                "--client chromium drives the page of the embedded gateway; leave --target")
        }
        if plan.concurrency > 1 || plan.open != nil {
            throw .usage(
                "--client chromium uploads one after the other: leave --concurrency, --rate and --stages"
            )
        }
        if let (_, source) = settings.value("duration") {
            throw .usage("\(source): --client chromium takes a number of uploads; give -n N")
        }
        if plan.signer != .gateway {
            throw .usage("--client chromium asks the gateway for each permission; leave --signer")
        }
        if let (_, source) = settings.value("files") {
            throw .usage("\(source): --client chromium makes its files in the page; give --size")
        }
        if plan.sharding != nil {
            throw .usage("--shard: one browser measures; take --client browser for load")
        }
        if plan.warmup > .zero {
            throw .usage("--warmup: --client chromium measures every upload; leave it")
        }
    }
}
