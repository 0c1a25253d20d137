import Foundation

/// How a month's files are spread over sizes.
enum SizeShares: Sendable, Equatable {
    struct Share: Sendable, Equatable {
        let bytes: Int64
        let weight: Double
    }

    case listed([Share])
    /// The logarithm of the size is normal; in bytes.
    case lognormal(median: Double, p95: Double)

    /// The 95% quantile of the normal distribution.
    static let z95 = 1.6448536269514722
    /// S3's largest object: 10,000 parts of 5 GiB (S3 User Guide, "Amazon S3 objects overview").
    static let largestBytes: Int64 = 53_687_091_200_000

    /// `256KiB`, `64KiB:60%,1MiB:30%,8MiB:10%` or `lognormal:median=300KiB,p95=4MiB`.
    static func parse(_ text: String, _ source: String) throws(CommandError) -> SizeShares {
        if text.hasPrefix("lognormal:") {
            return try lognormal(String(text.dropFirst("lognormal:".count)), source)
        }
        let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        if words.count == 1, !words[0].contains(":") {
            return .listed([Share(bytes: try size(words[0], source), weight: 1)])
        }
        var shares: [Share] = []
        for word in words {
            let halves = word.trimmingCharacters(in: .whitespaces).split(separator: ":")
            guard halves.count == 2, halves[1].hasSuffix("%"),
                let percent = Double(halves[1].dropLast()), percent > 0, percent <= 100
            else {
                throw .usage(
                    "\(source): '\(word)' is not a size and its share; write 64KiB:60%,1MiB:40%")
            }
            let bytes = try size(String(halves[0]), source)
            guard !shares.contains(where: { $0.bytes == bytes }) else {
                throw .usage("\(source): \(halves[0]) stands twice")
            }
            shares.append(Share(bytes: bytes, weight: percent))
        }
        let sum = shares.reduce(0) { $0 + $1.weight }
        guard abs(sum - 100) < 0.01 else {
            let shown = String(format: "%.6g", sum)
            throw .usage("\(source): the shares add up to \(shown)%, not to 100%")
        }
        return .listed(shares.sorted { $0.bytes < $1.bytes })
    }

    private static func lognormal(
        _ text: String, _ source: String
    ) throws(CommandError) -> SizeShares {
        var values: [String: Int64] = [:]
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = word.split(separator: "=").map(String.init)
            guard halves.count == 2, ["median", "p95"].contains(halves[0]),
                values[halves[0]] == nil
            else {
                throw .usage(
                    "\(source): '\(word)' does not fit; write lognormal:median=300KiB,p95=4MiB")
            }
            values[halves[0]] = try size(halves[1], source)
        }
        guard let median = values["median"], let p95 = values["p95"], median > 0, p95 > median
        else {
            throw .usage(
                "\(source): a lognormal needs a median above 0 and a p95 above the median:"
                    + " lognormal:median=300KiB,p95=4MiB")
        }
        return .lognormal(median: Double(median), p95: Double(p95))
    }

    private static func size(_ text: String, _ source: String) throws(CommandError) -> Int64 {
        let bytes = try Quantities.bytes(text, source)
        guard bytes <= largestBytes else {
            throw .usage(
                "\(source): '\(text)' is larger than any S3 object (10,000 parts of 5 GiB)")
        }
        return bytes
    }

    var text: String {
        switch self {
        case .listed(let shares):
            let sum = shares.reduce(0) { $0 + $1.weight }
            guard shares.count > 1 else { return shares.map { Readable.bytes($0.bytes) }.joined() }
            return shares.map {
                Readable.bytes($0.bytes) + ":" + String(format: "%.4g%%", $0.weight / sum * 100)
            }.joined(separator: ",")
        case .lognormal(let median, let p95):
            return "lognormal:median=\(Readable.bytes(Int64(median))),p95="
                + Readable.bytes(Int64(p95))
        }
    }
}

/// Files of about one size: so near each other that no formula tells them apart but by their bytes.
struct SizeClass: Sendable, Equatable {
    /// Their mean.
    let bytes: Int64
    let uploads: Quantity
}

extension SizeShares {
    /// The month's uploads by size; the classes add up to exactly `uploads`.
    ///
    /// - Parameter steps: sizes up to which a formula gives one value and above which another; no
    ///   class of a distribution lies on both sides of one.
    func classes(uploads: Int64, steps: [Int64]) -> [SizeClass] {
        let shares = shares(steps)
        let total = shares.reduce(0) { $0 + $1.weight }
        let all = Quantity(uploads).billionths
        var given: Int128 = 0
        var sum = 0.0
        return shares.compactMap { share in
            sum += share.weight
            // By running totals, so that rounding never adds up.
            let reached =
                share == shares.last ? all : Int128((Double(all) * min(1, sum / total)).rounded())
            let part = max(0, min(reached, all) - given)
            given += part
            return part > 0
                ? SizeClass(bytes: share.bytes, uploads: Quantity(billionths: part)) : nil
        }
    }

    private func shares(_ steps: [Int64]) -> [Share] {
        guard case .lognormal(let median, let p95) = self else {
            guard case .listed(let shares) = self else { return [] }
            return shares
        }
        let deviation = Foundation.log(p95 / median) / Self.z95
        let bounds = Self.bounds(median, deviation, steps)
        return zip(bounds, bounds.dropFirst()).compactMap { low, high in
            Self.share(from: low, to: high, median, deviation)
        }
    }

    /// Six and a half deviations to both sides, one percent apart, and every step in between.
    private static func bounds(
        _ median: Double, _ deviation: Double, _ steps: [Int64]
    ) -> [Double] {
        let reach = 6.5 * deviation
        let count = Int((2 * reach / 0.01).rounded(.up))
        let low = median * exp(-reach)
        let high = min(median * exp(reach), Double(largestBytes))
        let grid = (0...max(count, 1)).map { low * exp(Double($0) * 0.01) }.filter { $0 < high }
        let inside = steps.map(Double.init).filter { $0 > low && $0 < high }
        return Set(grid + inside + [0, high]).sorted()
    }

    /// The share of a lognormal between two sizes, and its mean there (the partial expectation over the
    /// probability).
    private static func share(
        from low: Double, to high: Double, _ median: Double, _ deviation: Double
    ) -> Share? {
        let score = { (size: Double) in
            size > 0 ? Foundation.log(size / median) / deviation : -Double.infinity
        }
        let probability = normalShare(score(low), score(high))
        guard probability > 1e-13 else { return nil }
        let partial =
            median * exp(deviation * deviation / 2)
            * normalShare(score(low) - deviation, score(high) - deviation)
        let mean = min(max(partial / probability, low), high)
        return Share(bytes: Int64(mean.rounded()), weight: probability)
    }

    /// Of the standard normal distribution, from the tail that keeps its digits.
    private static func normalShare(_ low: Double, _ high: Double) -> Double {
        let tail = { (score: Double) in erfc(score / 2.0.squareRoot()) / 2 }
        return low > 0 ? tail(low) - tail(high) : tail(-high) - tail(-low)
    }
}
