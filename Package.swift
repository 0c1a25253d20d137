// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Checked in debug builds, which the tests run: in the hot path the checks of a release build cost
    // a tenth of an upload's instructions.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
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

let package = Package(
    name: "uploadbench",
    products: [.executable(name: "uploadbench", targets: ["BenchRunner"])],
    targets: [
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
        .executableTarget(
            name: "BenchRunner",
            dependencies: [
                "Presign", "Measure", "NetIO", "Transfer", "Scenarios", "Testbed", "CLinux",
            ],
            resources: [
                .embedInCode("Cost/prices.json"), .embedInCode("Recommend/capabilities.json"),
                .embedInCode("Report/Page/report.css"), .embedInCode("Report/Page/report.js"),
            ],
            swiftSettings: swiftSettings),

        tests(of: "Measure", fixtures: true),
        tests(of: "NetIO", ["CLinux"]),
        tests(of: "Transfer", ["CLinux", "NetIO"]),
        tests(of: "Presign", fixtures: true),
        tests(of: "Scenarios", ["Measure", "Transfer"]),
        tests(of: "Testbed", ["NetIO", "Presign", "CLinux", "Transfer"], fixtures: true),
        tests(of: "BenchRunner", ["CLinux", "Measure", "Presign", "Testbed"], fixtures: true),
    ]
)
