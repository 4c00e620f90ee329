// swift-tools-version: 6.2
import PackageDescription

let rooms: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"), .treatAllWarnings(as: .error),
]

/// A room of the product; Rooms has links to them.
func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Rooms/" + name, swiftSettings: rooms)
}

let nio: [Target.Dependency] = [
    .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
]
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

/// What `script/bench` needs of other people's libraries, apart from the product, and programs that measure its rooms.
let package = Package(
    name: "benchmarks",
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        room("Host", []),
        room("Maintenance", ["Host", crypto]),
        room("Schedules", ["Host"]),
        room("Plans", ["Host", "Maintenance", "Schedules", .product(name: "Yams", package: "Yams")]),
        room("Journal", ["Host", "Maintenance", crypto]),
        room("SQLiteJournal", ["Host", "Maintenance", "Journal", .product(name: "GRDB", package: "GRDB.swift")]),
        room("Engine", ["Host", "Maintenance", "Schedules", "Plans", "Journal"]),
        .systemLibrary(
            name: "CLibPQ", path: "Rooms/CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        room("ClientPostgreSQL", ["Host", "Maintenance", "CLibPQ"]),
        room("PostgreSQLJournal", ["Host", "Maintenance", "Journal", "ClientPostgreSQL"]),
        room("Evidence", ["Host", "Maintenance", "Journal", crypto]),
        room("Dispatching", ["Host", "Schedules"]),
        room("Serving", ["Host", "Maintenance", "Schedules", "Plans", "Journal", "Engine", "Dispatching"]),
        room("ClientRedis", ["Host", "Maintenance"] + nio),
        room(
            "ClientHTTP",
            ["Host", "Maintenance", .product(name: "AsyncHTTPClient", package: "async-http-client")] + nio),
        room("ActionsRedis", ["Host", "Maintenance", "ClientRedis", "ClientHTTP"]),
        .executableTarget(
            name: "keyspace", dependencies: ["Host", "Maintenance", "ClientRedis", "ActionsRedis"],
            swiftSettings: rooms),
        .executableTarget(name: "schedules", dependencies: ["Host", "Schedules"], swiftSettings: rooms),
        .executableTarget(
            name: "serving",
            dependencies: ["Host", "Schedules", "Journal", "SQLiteJournal", "Dispatching", "Serving"],
            swiftSettings: rooms),
        .executableTarget(
            name: "durable",
            dependencies: [
                "Host", "Maintenance", "Plans", "Journal", "SQLiteJournal", "PostgreSQLJournal", "Evidence", "Engine",
                "CLibPQ", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: rooms),
        .executableTarget(
            name: "idle-hummingbird",
            dependencies: [.product(name: "Hummingbird", package: "hummingbird")],
            swiftSettings: [
                .swiftLanguageMode(.v6), .enableUpcomingFeature("MemberImportVisibility"),
                .treatAllWarnings(as: .error),
            ]),
    ]
)
