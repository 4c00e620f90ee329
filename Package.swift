// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// A room of ours: a library target with the house's settings.
func room(_ name: String, path: String? = nil, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

/// The tests of a room; what they need of the public project lies in Tests/Fixtures.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name + "Tests", dependencies: dependencies, path: "Tests/" + name, swiftSettings: settings)
}

let nio: [Target.Dependency] = [
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
]
let webSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let clients: [Target.Dependency] = [
    "ClientPostgreSQL", "ClientRedis", "ClientHTTP", "ClientTLS", "ClientPrograms", "ClientKubernetes",
    "ClientObjectStore", "ClientPrometheus", "ClientSMTP",
]

let actions: [Target.Dependency] = [
    "ActionsPostgreSQL", "ActionsRedis", "ActionsHTTP", "ActionsCertificates", "ActionsHosts", "ActionsKubernetes",
    "ActionsBackups", "ActionsLogs", "ActionsSecurity", "ActionsModels", "ActionsExternal",
]

let package = Package(
    name: "millwright",
    products: [
        .executable(name: "millwright", targets: ["millwright"]),
        .executable(name: "millwright-sandbox", targets: ["millwright-sandbox"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),

        room("Host"),
        room("Maintenance", ["Host", crypto]),
        room("Schedules", ["Host"]),
        room("Plans", ["Host", "Maintenance", "Schedules", yams]),
        room("Journal", ["Host", "Maintenance", crypto]),
        room("Evidence", ["Host", "Maintenance", "Journal", crypto]),
        room("Engine", ["Host", "Maintenance", "Schedules", "Plans", "Journal"]),
        room("Dispatching", ["Host", "Schedules"]),
        room("Serving", ["Host", "Maintenance", "Schedules", "Plans", "Journal", "Engine", "Dispatching"]),

        room(
            "SQLiteJournal", ["Host", "Maintenance", "Journal", .product(name: "GRDB", package: "GRDB.swift")]),
        room("PostgreSQLJournal", ["Host", "Maintenance", "Journal", "ClientPostgreSQL"]),
        room("ClientPostgreSQL", path: "Sources/Clients/PostgreSQL", ["Host", "Maintenance", "CLibPQ"]),
        room("ClientRedis", path: "Sources/Clients/Redis", ["Host", "Maintenance"] + nio),
        room(
            "ClientHTTP", path: "Sources/Clients/HTTP",
            ["Host", "Maintenance", .product(name: "AsyncHTTPClient", package: "async-http-client")] + nio),
        room(
            "ClientTLS", path: "Sources/Clients/TLS",
            [
                "Host", "Maintenance", .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ] + nio),
        room(
            "ClientPrograms", path: "Sources/Clients/Programs",
            [
                "Host", "Maintenance", .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        room(
            "ClientKubernetes", path: "Sources/Clients/Kubernetes",
            ["Host", "Maintenance", "ClientHTTP", "ClientPrograms", yams, webSocket, crypto] + nio),
        room(
            "ClientObjectStore", path: "Sources/Clients/ObjectStore",
            ["Host", "Maintenance", "ClientHTTP", "ClientPrograms", "CExpat", crypto]),
        room("ClientPrometheus", path: "Sources/Clients/Prometheus", ["Host", "Maintenance", "ClientHTTP"]),
        room("ClientSMTP", path: "Sources/Clients/SMTP", ["Host", "Maintenance"] + nio),
        room("ActionsPostgreSQL", path: "Sources/Actions/PostgreSQL", ["Host", "Maintenance", "ClientPostgreSQL"]),
        room("ActionsRedis", path: "Sources/Actions/Redis", ["Host", "Maintenance", "ClientRedis", "ClientHTTP"]),
        room("ActionsHTTP", path: "Sources/Actions/HTTP", ["Host", "Maintenance", "ClientHTTP"]),
        room("ActionsCertificates", path: "Sources/Actions/Certificates", ["Host", "Maintenance", "ClientTLS"]),
        room("ActionsHosts", path: "Sources/Actions/Hosts", ["Host", "Maintenance", "ClientPrograms"]),
        room(
            "ActionsKubernetes", path: "Sources/Actions/Kubernetes",
            ["Host", "Maintenance", "ClientKubernetes", "ClientPrometheus"]),
        room("ActionsBackups", path: "Sources/Actions/Backups", ["Host", "Maintenance", "ClientObjectStore", "CZlib"]),
        room(
            "ActionsLogs", path: "Sources/Actions/Logs",
            ["Host", "Maintenance", "ClientKubernetes", "ClientObjectStore", "CZlib", crypto]),
        room(
            "ActionsSecurity", path: "Sources/Actions/Security",
            ["Host", "Maintenance", "ClientPrograms", "ClientHTTP", "ClientObjectStore"]),
        room("ActionsExternal", path: "Sources/Actions/External", ["Host", "Maintenance", "ClientPrograms"]),
        room("ActionsModels", path: "Sources/Actions/Models", ["Host", "Maintenance", "ClientHTTP"]),
        room("Notices", ["Host", "Maintenance", "ClientHTTP", "ClientSMTP"]),
        room("Reports", ["Host", "Maintenance", "Journal", "Engine"]),
        room("Proposals", ["Host", "Maintenance"]),
        room("Reference", ["Host", "Maintenance", "Schedules", "Plans", "Journal", "Engine"]),

        .executableTarget(
            name: "millwright",
            dependencies: [
                "Host", "Maintenance", "Schedules", "Plans", "Journal", "Engine", "Dispatching", "Serving",
                "SQLiteJournal", "PostgreSQLJournal", "Evidence",
                "Reports", "Reference", "Notices", "Proposals",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ] + clients + actions,
            swiftSettings: settings),
        room("Sandbox", ["Host", "CZlib", crypto, webSocket] + nio),
        .executableTarget(
            name: "millwright-sandbox",
            dependencies: ["Sandbox", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Sources/millwright-sandbox",
            swiftSettings: settings),

        .target(
            name: "Simulation",
            dependencies: ["Host", "Maintenance", "Schedules", "Plans", "Journal", "Engine", "Dispatching"],
            path: "Tests/Simulation/Library", swiftSettings: settings),
        .executableTarget(
            name: "millwright-simulate", dependencies: ["Host", "Dispatching", "Simulation"],
            path: "Tests/Simulation/Program", swiftSettings: settings),
        .testTarget(
            name: "SimulationTests", dependencies: ["Host", "Dispatching", "Simulation"],
            path: "Tests/Simulation/Tests",
            swiftSettings: settings),
        .target(
            name: "ClockWalk", dependencies: ["Host", "Schedules"], path: "Tests/Oracle/Walk", swiftSettings: settings),
        .executableTarget(
            name: "oracle", dependencies: ["Host", "Schedules", "ClockWalk"], path: "Tests/Oracle/Peers",
            swiftSettings: settings),

        .target(
            name: "TestSupport", dependencies: ["Host", "Maintenance", "Journal"], path: "Tests/Support",
            swiftSettings: settings),

        tests("Host", ["Host"]),
        tests("Maintenance", ["Host", "Maintenance"]),
        tests("Schedules", ["Host", "Schedules", "ClockWalk"]),
        tests("Plans", ["Host", "Maintenance", "Schedules", "Plans"]),
        tests(
            "Journal",
            ["Host", "Maintenance", "Journal", "SQLiteJournal", "PostgreSQLJournal", "Sandbox", "TestSupport"]),
        tests("PostgreSQLJournal", ["Host", "Maintenance", "Journal", "PostgreSQLJournal", "Sandbox", "TestSupport"]),
        tests("Evidence", ["Host", "Maintenance", "Journal", "SQLiteJournal", "Evidence", "TestSupport"]),
        tests("ClientPostgreSQL", ["Host", "Maintenance", "ClientPostgreSQL", "Sandbox"]),
        tests("ClientRedis", ["Host", "Maintenance", "ClientRedis", "Sandbox"] + nio),
        tests(
            "ClientHTTP",
            [
                "Host", "Maintenance", "ClientHTTP", "Sandbox",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ] + nio),
        tests("ClientTLS", ["Host", "Maintenance", "ClientTLS", "Sandbox"] + nio),
        tests("ClientPrograms", ["Host", "Maintenance", "ClientPrograms", "Sandbox"]),
        tests(
            "ActionsPostgreSQL",
            ["Host", "Maintenance", "ClientPostgreSQL", "ActionsPostgreSQL", "Sandbox", "TestSupport"]),
        tests(
            "ActionsRedis",
            ["Host", "Maintenance", "ClientRedis", "ClientHTTP", "ActionsRedis", "Sandbox", "TestSupport"]),
        tests("ActionsHTTP", ["Host", "Maintenance", "ClientHTTP", "ActionsHTTP", "Sandbox"]),
        tests("ActionsCertificates", ["Host", "Maintenance", "ClientTLS", "ActionsCertificates", "Sandbox"]),
        tests("ActionsHosts", ["Host", "Maintenance", "ClientPrograms", "ActionsHosts", "Sandbox"]),
        tests("ClientKubernetes", ["Host", "Maintenance", "ClientHTTP", "ClientKubernetes", "Sandbox", "TestSupport"]),
        tests("ClientObjectStore", ["Host", "Maintenance", "ClientHTTP", "ClientObjectStore", "Sandbox"]),
        tests("ClientPrometheus", ["Host", "Maintenance", "ClientHTTP", "ClientPrometheus", "Sandbox"]),
        tests("ClientSMTP", ["Host", "Maintenance", "ClientSMTP", "Sandbox"]),
        tests(
            "ActionsKubernetes",
            ["Host", "Maintenance", "ClientKubernetes", "ClientPrometheus", "ActionsKubernetes", "Sandbox"]),
        tests("ActionsBackups", ["Host", "Maintenance", "ClientObjectStore", "ActionsBackups", "Sandbox"]),
        tests(
            "ActionsLogs", ["Host", "Maintenance", "ClientKubernetes", "ClientObjectStore", "ActionsLogs", "Sandbox"]),
        tests(
            "ActionsSecurity",
            [
                "Host", "Maintenance", "ClientPrograms", "ClientHTTP", "ClientObjectStore", "ActionsSecurity",
                "Sandbox",
            ]),
        tests("ActionsModels", ["Host", "Maintenance", "ClientHTTP", "ActionsModels", "Sandbox"]),
        tests("ActionsExternal", ["Host", "Maintenance", "ClientPrograms", "ActionsExternal"]),
        tests("Notices", ["Host", "Maintenance", "ClientHTTP", "ClientSMTP", "Notices", "Sandbox"]),
        tests(
            "Engine",
            ["Host", "Maintenance", "Schedules", "Plans", "Journal", "SQLiteJournal", "Engine", "TestSupport"]),
        tests("Sandbox", ["Host", "Sandbox"]),
        tests("Reports", ["Host", "Maintenance", "Plans", "Journal", "Engine", "Reports"]),
        tests("Proposals", ["Host", "Maintenance", "Plans", "Proposals"]),
        tests("Dispatching", ["Host", "Schedules", "Dispatching"]),
        tests(
            "Serving",
            ["Host", "Maintenance", "Schedules", "Plans", "Journal", "Engine", "Dispatching", "Serving", "TestSupport"]),
        tests("Reference", ["Host", "Maintenance", "Reference"]),
        tests("HouseRules", []),
        tests("millwright", ["millwright", "Sandbox"]),
        tests(
            "Faults",
            ["Host", "Maintenance", "Plans", "Journal", "Engine", "Notices", "Sandbox", "millwright"] + clients
                + actions),
    ]
)
