import Foundation

/// Errors of the model by group, for a table and for limits.
struct LinkErrors {
    struct Group {
        private(set) var errors: [Double] = []

        mutating func add(_ error: Double) { errors.append(error) }
        var median: Double { Self.middle(errors.map { abs($0) }) }
        /// Above 0 when the model is too slow.
        var bias: Double { Self.middle(errors) }
        func share(within limit: Double) -> Double {
            Double(errors.filter { abs($0) <= limit }.count) / Double(errors.count)
        }

        private static func middle(_ values: [Double]) -> Double {
            values.sorted()[values.count / 2]
        }
    }

    private(set) var groups: [String: Group] = [:]

    mutating func add(_ error: Double, _ names: [String]) {
        for name in names { groups[name, default: Group()].add(error) }
    }

    var table: String {
        groups.sorted { $0.key.localizedStandardCompare($1.key) == .orderedAscending }
            .map { name, group in
                name.padding(toLength: 28, withPad: " ", startingAt: 0)
                    + String(
                        format: "%4d cells, median error %.1f%% (%+.1f%%), within 10%%: %.1f%%,"
                            + " within 25%%: %.1f%%",
                        group.errors.count, group.median * 100, group.bias * 100,
                        group.share(within: 0.1) * 100, group.share(within: 0.25) * 100)
            }.joined(separator: "\n")
    }
}
