import Presign

/// `written` in `run.json`: where everything is that a run may have written. It is on the disk before
/// the first upload begins, so that `clean` finds all of it however the run ended, and its size does
/// not depend on how many uploads there were.
struct WrittenRecord: Sendable, Equatable {
    /// Below it everything is the run's own, multipart uploads too. nil when an API named the keys.
    var prefix: String?
    /// Where an API named them: the user's folder, and the file with the keys (`keys.csv`).
    var apiPrefix: String?
    var keysFile: String?
    /// The objects by which shards meet; this shard's own end in `/<shard>`.
    var barrierPrefix: String?
    var barrierShard: Int?
}

extension WrittenRecord {
    /// Does an API choose keys that somebody has to find again?
    static func isNamedByAPI(_ plan: RunPlan, _ target: RunTarget) -> Bool {
        plan.signer == .gateway && !target.isEmbedded
    }

    /// nil for a target that ends with the run.
    init?(_ plan: RunPlan, _ target: RunTarget) {
        guard !target.isEmbedded else { return nil }
        if Self.isNamedByAPI(plan, target) {
            apiPrefix = plan.api.folder
            keysFile = KeyJournal.fileName
        } else {
            prefix = plan.runName.keyPrefix
        }
        guard let sharding = plan.sharding, sharding.barrier != nil, let name = sharding.runName
        else { return }
        barrierPrefix = "\(BarrierKeys.root)/\(name)/"
        barrierShard = sharding.shard.index
    }

    var object: [String: Any] {
        var object: [String: Any] = [:]
        object["prefix"] = prefix
        object["api_prefix"] = apiPrefix
        object["keys_file"] = keysFile
        object["barrier_prefix"] = barrierPrefix
        object["barrier_shard"] = barrierShard
        return object
    }

    init(_ json: JSONValue) {
        prefix = json["prefix"]?.string
        apiPrefix = json["api_prefix"]?.string
        keysFile = json["keys_file"]?.string
        barrierPrefix = json["barrier_prefix"]?.string
        barrierShard = json["barrier_shard"]?.integer
    }
}
