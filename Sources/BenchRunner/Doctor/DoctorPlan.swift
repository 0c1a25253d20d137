/// What `doctor` is to look at.
struct DoctorPlan {
    let base: RunPlan
    let guardPlan: GuardPlan
    /// Of the pages that upload; nil: nobody asked.
    let origin: String?
    /// Send nothing: only say which endpoint, region and credentials would be used.
    let resolvesOnly: Bool
    let format: Format
    let isQuiet: Bool

    enum Format: String, CaseIterable { case table, json, markdown }

    init(_ settings: Settings) throws(CommandError) {
        let isAlone = settings.text("gateway") == nil && settings.text("signer") == nil
        let isElsewhere = settings.text("target").map { $0 != "embedded" } ?? false
        // Without an API there is nobody else to sign.
        var base = try RunPlan(
            settings, defaultSigner: isAlone && isElsewhere ? .local : .gateway)
        base.needsOwner = true
        if base.target == .embedded { base.link = settings.text("link") ?? RunPlan.loopback }
        self.base = base
        guardPlan = try GuardPlan(settings, base: base)
        resolvesOnly = try settings.isOn("resolve")
        format = try settings.choice("format", default: Format.table)
        isQuiet = try settings.isOn("quiet")
        let given = settings.text("origin")
        if let given {
            let isOrigin = given.hasPrefix("http://") || given.hasPrefix("https://")
            guard isOrigin, given.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 }) else {
                throw .usage("--origin: '\(given)' is no origin; write https://app.example")
            }
        }
        origin =
            given?.dropLastSlash ?? (base.target == .embedded ? "https://app.example" : nil)
    }
}
