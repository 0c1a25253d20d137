// swift-tools-version: 6.2
import PackageDescription

/// Set by `make fuzz`: everything is built for libFuzzer, without the tests.
let isFuzzed = Context.environment["UPLOADBENCH_FUZZ"] == "1"
let fuzzFlags = [
    "-sanitize=fuzzer", "-sanitize=address", "-enable-testing",
    "-sanitize-coverage=edge,trace-cmp,inline-8bit-counters,pc-table",
]

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Checked in debug builds, which the tests run: in the hot path the checks of a release build cost
    // a tenth of an upload's instructions.
    .unsafeFlags(
        isFuzzed ? fuzzFlags : ["-enforce-exclusivity=unchecked"],
        .when(configuration: .release)),
]

/// A library target of this package; `dependencies` is the whole list of what it may import.
func module(
    _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings)
}

/// Tests of one module, with the fixtures beside them when it has any.
func tests(of name: String, _ others: [Target.Dependency] = [], fixtures: Bool = false) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: [.byName(name: name)] + others,
        resources: fixtures ? [.copy("Fixtures")] : [],
        swiftSettings: swiftSettings)
}

/// The command line: an executable, or a library whose `main` gives way to libFuzzer's.
func program(_ dependencies: [Target.Dependency], resources: [Resource]) -> Target {
    guard isFuzzed else {
        return .executableTarget(
            name: "BenchRunner", dependencies: dependencies, resources: resources,
            swiftSettings: swiftSettings)
    }
    let renamed = ["-Xfrontend", "-entry-point-function-name", "-Xfrontend", "uploadbench_main"]
    return .target(
        name: "BenchRunner", dependencies: dependencies, resources: resources,
        swiftSettings: swiftSettings + [.unsafeFlags(renamed)])
}

/// The fuzz targets: with libFuzzer, or as tests that replay what it found.
func fuzzing() -> Target {
    let dependencies: [Target.Dependency] = [
        "BenchRunner", "Measure", "NetIO", "Presign", "Testbed", "Transfer",
    ]
    let data = ["corpus", "dictionaries", "coverage.py", "fuzz.py"]
    guard isFuzzed else {
        return .testTarget(
            name: "FuzzTests", dependencies: dependencies, path: "Tests/Fuzz",
            exclude: data + ["Main"], sources: ["Targets", "Tests"], swiftSettings: swiftSettings)
    }
    return .executableTarget(
        name: "uploadbench-fuzz", dependencies: dependencies, path: "Tests/Fuzz",
        exclude: data + ["Tests"], sources: ["Targets", "Main"],
        swiftSettings: swiftSettings + [.unsafeFlags(["-parse-as-library"])],
        linkerSettings: [
            .unsafeFlags(["-use-ld=lld", "-sanitize=fuzzer", "-sanitize=address"])
        ])
}

let sources: [Target] = [
    .systemLibrary(
        name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(
        name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CLinux"),

    module("Presign", ["COpenSSL"]),
    module("Measure", []),
    module("NetIO", ["CLinux"]),
    module("Transfer", ["CCurl", "CLinux", "NetIO", "Measure"]),
    module("Scenarios", ["Presign", "Transfer", "Measure", "NetIO"]),
    module(
        "Testbed", ["Presign", "COpenSSL", "CLinux", "NetIO", "Measure"],
        resources: [.embedInCode("Link/profiles.json")]
            + [
                "page.html", "page.css", "page.js", "requests.js", "strategies.js", "traps.js",
                "explain.js", "measure.js", "plot.js",
            ].map { .embedInCode("Gateway/Page/" + $0) }),
    program(
        [
            "Presign", "Measure", "NetIO", "Transfer", "Scenarios", "Testbed", "CLinux",
        ],
        resources: [
            .embedInCode("Cost/prices.json"), .embedInCode("Recommend/capabilities.json"),
            .embedInCode("Report/Page/report.css"), .embedInCode("Report/Page/report.js"),
        ]),
]

let tests: [Target] = [
    tests(of: "Measure", fixtures: true),
    tests(of: "NetIO", ["CLinux"]),
    tests(of: "Transfer", ["CLinux", "NetIO"]),
    tests(of: "Presign", fixtures: true),
    tests(of: "Scenarios", ["Measure", "Transfer"]),
    tests(of: "Testbed", ["NetIO", "Presign", "CLinux", "Transfer"], fixtures: true),
    tests(of: "BenchRunner", ["CLinux", "Measure", "Presign", "Testbed"], fixtures: true),
]

let package = Package(
    name: "uploadbench",
    products: isFuzzed ? [] : [.executable(name: "uploadbench", targets: ["BenchRunner"])],
    targets: sources + (isFuzzed ? [] : tests) + [fuzzing()]
)
