import Foundation

extension Command {
    static let cost = Command(
        name: "cost",
        summary: "prices a month of uploads per strategy, from a run or from the strategies alone",
        usage: ["cost [RUN] [FLAGS]", "cost --print-prices"],
        details: """
            Without RUN, a results directory, the requests follow from the strategies, and the time of the
            API's functions is assumed (see --lambda-duration). With RUN it is what the embedded API measured,
            and the bytes of answers and the failed uploads are the run's too.

            sizes: 1MiB, or 64KiB:60%,1MiB:30%,8MiB:10%, or lognormal:median=300KiB,p95=4MiB. A file that is too
            large for a strategy is refused by it: its row prices only what it carries, and says so.
            Prices are in USD per month, without taxes, free tiers and storage unless asked for. A price file
            holds entries like those of --print-prices; each replaces the built-in one with the same id, region
            and place, or is added.

            examples:
              uploadbench cost --uploads 10M --size-distribution lognormal:median=300KiB,p95=4MiB
              uploadbench cost results/2026-04-10T22-48-18Z-run --uploads 2.5M --edge-tier 2 --explain
              uploadbench cost --print-prices > prices.json
            """,
        flags: CostFlags.all, operands: 0...1,
        run: { arguments throws(CommandError) in try CostCommand.run(arguments) })
}

/// The flags of `cost`; `recommend` shares those of `volume`.
enum CostFlags {
    static let all = volume + own + output

    static let volume = [
        Flag(name: "uploads", valueName: "N", help: "per month: 250000, 10M, 1.5B (default 1M)"),
        Flag(
            name: "size-distribution", valueName: "SIZES",
            help: "of the files (default: the run's sizes in equal shares; without RUN 1MiB)"),
        Flag(
            name: "region", valueName: "NAME", help: "of the bucket and the API (default us-east-1)"
        ),
        Flag(
            name: "edge-location", valueName: "PLACE",
            help: "of the clients: "
                + EdgeLocation.allCases.map(\.rawValue).joined(separator: ", ") + " (default us)"),
        Flag(
            name: "edge-tier", valueName: "TIER",
            help: "of accelerated bytes: 1 (US, Europe, Japan), 2 (elsewhere), free (default: the"
                + " location's)"),
        Flag(name: "api", valueName: "KIND", help: "http (default) or rest"),
        Flag(name: "lambda-memory", valueName: "MB", help: "of the API's functions (default 256)"),
        Flag(
            name: "lambda-duration", valueName: "TIME",
            help: "of each function, 50ms or sign=20ms,multipart=50ms,review=50ms,image=300ms"),
        Flag(name: "lambda-architecture", valueName: "CPU", help: "x86 (default) or arm"),
        Flag(
            name: "edge-duration", valueName: "TIME", help: "of the edge's function (default 5ms)"),
        Flag(name: "prices", valueName: "FILE", help: "newer or other prices, as JSON"),
        Flag(name: "free-tier", help: "take off what AWS gives each month for nothing"),
        Flag(
            name: "storage-months", valueName: "N",
            help: "how long a file is kept; 0 (default) leaves storage out"),
    ]

    private static let own = [
        Flag(name: "scenarios", valueName: "A,B", help: "strategies (default: the run's, or all)"),
        Flag(
            name: "client", valueName: "KIND",
            help: "native or browser, which adds preflights (default: the run's, or native)"),
        Flag(
            name: "signer", valueName: "WHO",
            help: "gateway or local, S3 requests only (default: the run's, or gateway)"),
        Flag(
            name: "part-size", valueName: "BYTES",
            help: "of multipart uploads (default: the run's, or 5MiB)"),
        Flag(
            name: "explain", help: "each amount's formula with its numbers, and each price's source"
        ),
        Flag(name: "print-prices", help: "print the built-in price book and end"),
    ]

    static let output = [
        Flag(name: "format", valueName: "HOW", help: "table (default), json or markdown"),
        Flag(name: "no-color", help: "no colour, as with NO_COLOR"),
    ]
}
