import Measure

/// Which uploads get a row in `samples.csv`. The other files count all of them.
enum SampleChoice: Sendable, Equatable {
    case all
    /// Those that failed or never started.
    case errors
    case none
    /// One in so many, by the upload's number and the seed: failed or not, so that shares hold.
    case oneIn(Int, seed: UInt64)

    func takes(_ sample: Sample) -> Bool {
        switch self {
        case .all: return true
        case .errors: return sample.hasFailed
        case .none: return false
        case .oneIn(let count, let seed):
            let number = UInt64(bitPattern: sample.upload) &* 0xD134_2543_DE82_EF95
            var random = SeededRandom(seed: seed ^ number)
            return random.next() % UInt64(count) == 0
        }
    }

    /// As the flag and `run.json` have it.
    var text: String {
        switch self {
        case .all: "all"
        case .errors: "errors"
        case .none: "none"
        case .oneIn(let count, _): "1/\(count)"
        }
    }

    init(_ settings: Settings, seed: UInt64) throws(CommandError) {
        guard let (text, source) = settings.value("samples") else {
            self = .all
            return
        }
        switch text {
        case "all": self = .all
        case "errors": self = .errors
        case "none": self = .none
        default:
            guard text.hasPrefix("1/"), let count = Int(text.dropFirst(2)), count > 0 else {
                throw .usage(
                    "\(source): '\(text)' is none of all, errors, none and 1/N (one upload in N,"
                        + " as 1/100)")
            }
            self = count == 1 ? .all : .oneIn(count, seed: seed)
        }
    }
}
