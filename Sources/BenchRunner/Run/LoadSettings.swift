import Foundation
import Measure

/// The flags that make a load: who starts uploads, how many, for how long.
extension OpenPlan {
    /// nil for the closed model.
    init?(_ settings: Settings) throws(CommandError) {
        guard let profile = try Self.profile(settings) else {
            for name in ["arrivals", "max-in-flight"] where settings.value(name) != nil {
                throw .usage(
                    "--\(name) is of the open model: it goes with --rate or --stages")
            }
            return nil
        }
        try Self.checkNoClients(settings)
        self.profile = profile
        isMaxInFlightGiven = settings.value("max-in-flight") != nil
        spacing = try settings.choice("arrivals", default: ArrivalSchedule.Spacing.constant)
        maxInFlight = try settings.parsed("max-in-flight", default: Self.defaultMaxInFlight) {
            text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...100_000)
        }
    }

    /// The stronger of --rate, --stages and --concurrency decides, as with any other setting; two of
    /// the same source contradict each other.
    private static func profile(_ settings: Settings) throws(CommandError) -> RateProfile? {
        let rate = settings.value("rate")
        let stages = settings.value("stages")
        if rate != nil, stages != nil, settings.rank("rate") == settings.rank("stages") {
            throw .usage("give --rate or --stages, not both: stages are rates over time")
        }
        let opening = max(settings.rank("rate"), settings.rank("stages"))
        guard opening > 0, opening >= settings.rank("concurrency") else { return nil }
        if let stages, settings.rank("stages") == opening {
            return try LoadText.stages(stages.text, stages.source)
        }
        guard let rate else { return nil }
        return RateProfile(constant: try LoadText.rate(rate.text, rate.source))
    }

    private static func checkNoClients(_ settings: Settings) throws(CommandError) {
        let opening = max(settings.rank("rate"), settings.rank("stages"))
        if settings.rank("concurrency") == opening {
            throw .usage(
                "--concurrency is of the closed model and --rate of the open one, where uploads start by"
                    + " the clock: leave one out, or bound the uploads under way with --max-in-flight N"
            )
        }
        guard settings.rank("stages") == opening else { return }
        for name in ["duration", "uploads"] where settings.rank(name) >= opening {
            throw .usage("--\(name): the last of --stages already says when a cell ends")
        }
    }
}

/// Rates and stages as a user types them.
enum LoadText {
    static let highestPerSecond = 1e6

    /// Arrivals per second: `500`, `2.5`, `500/s`, `90/m`, `10/h`.
    static func rate(_ text: String, _ source: String) throws(CommandError) -> Double {
        guard let perSecond = perSecond(text), perSecond <= highestPerSecond else {
            throw .usage("\(source): '\(text)' is not a rate; write 500, 500/s or 90/m")
        }
        guard perSecond > 0 else {
            throw .usage(
                "\(source) must be more than 0: at rate 0 nothing arrives (-c N is the closed model)"
            )
        }
        return perSecond
    }

    /// `0:0,30s:500,2m:500`: at each time, counted from the start of the cell, a rate.
    static func stages(_ text: String, _ source: String) throws(CommandError) -> RateProfile {
        let words = text.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        var points: [RateProfile.Point] = []
        for word in words { points.append(try point(word, source)) }
        do throws(RateProfileError) {
            return try RateProfile(stages: points)
        } catch {
            throw .usage("\(source): " + explanation(error, words))
        }
    }

    private static func point(
        _ word: String, _ source: String
    ) throws(CommandError) -> RateProfile.Point {
        let halves = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, let rate = perSecond(String(halves[1])),
            rate <= highestPerSecond
        else {
            throw .usage("\(source): '\(word)' is not TIME:RATE, as in 0:0,30s:500,2m:500")
        }
        let time = try Quantities.duration(String(halves[0]), source)
        return RateProfile.Point(seconds: time.inSeconds, perSecond: rate)
    }

    private static func explanation(_ error: RateProfileError, _ words: [String]) -> String {
        switch error {
        case .tooFewPoints:
            "one stage is only a moment; write at least two, as in 0:0,30s:500, or use --rate"
        case .lateBeginning:
            "the first stage must be at time 0, as in 0:0,30s:500"
        case .backwards(let index):
            "'\(words[index])' is before '\(words[index - 1])': times count from the start of the"
                + " cell and must not go backwards"
        case .notANumber(let index):
            "'\(words[index])' is not TIME:RATE, as in 30s:500"
        case .nothingArrives:
            "nothing ever arrives: a stage needs a length and a rate above 0"
        }
    }

    /// nil for what is no non-negative rate.
    private static func perSecond(_ text: String) -> Double? {
        let units = [("/s", 1.0), ("/m", 60), ("/h", 3600), ("", 1)]
        for (unit, seconds) in units where text.hasSuffix(unit) {
            let digits = text.dropLast(unit.count)
            guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
                let value = Double(digits)
            else { return nil }
            return value / seconds
        }
        return nil
    }
}
