import Foundation
import Synchronization

/// How large a sandbox is.
public struct SteamTrapSize: Sendable {
    /// Rows of `trap_inspections`; the other tables follow.
    public var rows: Int
    /// Keys in Redis.
    public var keys: Int
    /// What the cluster's pods write.
    public var logs: SteamTrapLogSize
    /// How fast the cluster lives: 1 rolls four pods out in some four seconds.
    public var clusterSpeed: Double

    public init(
        rows: Int = 2_250_000, keys: Int = 210_000, logs: SteamTrapLogSize = SteamTrapLogSize(),
        clusterSpeed: Double = 1
    ) {
        self.rows = rows
        self.keys = keys
        self.logs = logs
        self.clusterSpeed = clusterSpeed
    }
}

/// The STEAMTRAP service on the loopback: a real PostgreSQL, a real Redis, and a stand-in of its API behind nginx, each
/// reached through a proxy that faults can make misbehave. Everything ends with this process.
public final class SteamTrapSandbox: Sendable {
    public let database: PostgreSQLServer
    public let cache: RedisServer
    public let api: SteamTrapAPI
    public let front: TLSServer
    public let world: SteamTrapCluster
    public let kubernetes: KubernetesServer
    public let objects: SteamTrapObjects
    public let receivers: SteamTrapReceivers
    public let certificates: SteamTrapCertificates
    public let proxies: SteamTrapProxies
    public let size: SteamTrapSize
    let passwords: SteamTrapPasswords
    let held = Mutex<[String: [DatabaseSession]]>([:])
    let loading = Mutex<Int32?>(nil)
    /// What undoes the faults of the cluster, by their names.
    let inCluster = Mutex<[String: ClusterFaultInForce]>([:])
    private let kubeconfig: String
    private let active = Mutex<[String]>([])
    private let changes = Mutex(0)

    /// Starts the servers and fills them; `report` gets a line for each thing that is done.
    public static func start(
        size: SteamTrapSize = SteamTrapSize(), under parent: String? = nil,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> SteamTrapSandbox {
        let sandbox = try await SteamTrapSandbox(size: size, under: parent)
        do {
            report("servers started")
            async let rows: Void = sandbox.fillDatabase()
            async let keys: Void = sandbox.fillCache()
            try await keys
            report("Redis filled: \(size.keys) keys")
            try await rows
            report("PostgreSQL filled: \(size.rows) inspections")
            return sandbox
        } catch {
            await sandbox.stop()
            throw error
        }
    }

    private init(size: SteamTrapSize, under parent: String?) async throws {
        self.size = size
        passwords = SteamTrapPasswords()
        async let database = PostgreSQLServer.start(
            settings: Self.settings, rules: ["host greenlang greenlang_app 127.0.0.1/32 trust"], under: parent)
        async let cache = RedisServer.start(under: parent)
        certificates = try await SteamTrapCertificates.make()
        api = try SteamTrapAPI()
        front = try await TLSServer.start(
            certificate: certificates.healthy, upstream: api.server.port, under: parent)
        receivers = try await SteamTrapReceivers.start(certificate: certificates.healthy)
        objects = try await SteamTrapObjects.start(under: parent)
        world = try await SteamTrapCluster.start(speed: size.clusterSpeed, logs: size.logs)
        kubernetes = try await world.serve()
        try world.grantUsualRights()
        try world.grantStatistics(to: SteamTrapCluster.changeUser)
        self.database = try await database
        self.cache = try await cache
        proxies = try SteamTrapProxies(
            database: FaultProxy(to: self.database.port), cache: FaultProxy(to: self.cache.port),
            api: FaultProxy(to: front.port), cluster: FaultProxy(to: kubernetes.port),
            objects: FaultProxy(to: objects.server.port))
        kubeconfig = try Self.kubeconfig(kubernetes, port: proxies.cluster.port)
    }

    /// Ends every server and deletes their folders.
    public func stop() async {
        held.withLock { $0 = [:] }
        proxies.all.forEach { $0.stop() }
        await database.stop()
        await cache.stop()
        await front.stop()
        await kubernetes.stop()
        await objects.server.stop()
        await receivers.stop()
        api.server.stop()
    }

    /// What a plan's references need, in the order in which they are written to the file.
    public var environment: [(name: String, value: String)] {
        let databaseHost = "127.0.0.1:\(proxies.database.port)/greenlang"
        return [
            ("STEAMTRAP_LOOK_URL", "postgresql://millwright_look:\(passwords.look)@\(databaseHost)"),
            ("STEAMTRAP_CHANGE_URL", "postgresql://millwright_change:\(passwords.change)@\(databaseHost)"),
            ("STEAMTRAP_REDIS_URL", "redis://millwright:\(passwords.cache)@127.0.0.1:\(proxies.cache.port)/0"),
            ("STEAMTRAP_API_URL", "https://localhost:\(proxies.api.port)/v1/steam-trap"),
            ("STEAMTRAP_CA", certificates.rootPath),
            ("STEAMTRAP_KUBECONFIG", kubeconfig),
            ("STEAMTRAP_S3_ENDPOINT", "http://127.0.0.1:\(proxies.objects.port)"),
            ("STEAMTRAP_S3_ACCESS_KEY", objects.server.accessKey),
            ("STEAMTRAP_S3_SECRET_KEY", objects.server.secretKey),
            ("STEAMTRAP_CHAT_URL", "http://127.0.0.1:\(receivers.web.port)\(SteamTrapReceivers.chat)"),
            ("STEAMTRAP_WATCHDOG_URL", "http://127.0.0.1:\(receivers.web.port)\(SteamTrapReceivers.watchdog)"),
            ("STEAMTRAP_MAIL_SERVER", "localhost:\(receivers.mail.port)"),
            ("STEAMTRAP_MAIL_PASSWORD", "sandbox-mail-password"),
        ]
    }

    /// SQL as the superuser, past the proxy.
    @discardableResult
    public func sql(_ text: String) async throws -> String { try await database.psql(text, database: "greenlang") }

    /// The faults that are in force, in the order in which they came.
    public var faults: [String] { active.withLock { $0 } }

    public func apply(_ fault: Fault) async throws {
        guard !faults.contains(fault.name) else { return }
        // Noted first: what was half applied is healed too.
        active.withLock { $0.append(fault.name) }
        try await fault.apply(self)
    }

    /// Undoes all faults, the last one first.
    public func heal() async throws {
        while let name = faults.last {
            if let fault = Fault.named(name) { try await fault.heal(self) }
            active.withLock { _ = $0.popLast() }
        }
    }

    /// Changes some data, as a service that lives would, and says what.
    public func changeData() async throws -> [String] {
        let round = changes.withLock { count in
            count += 1
            return count
        }
        return try await changeDatabase(round: round) + changeCache(round: round) + [api.drift(round: round)]
    }

    private static let settings = [
        // The dead rows must still be there when the vacuum is shown.
        "autovacuum": "off", "shared_buffers": "128MB", "maintenance_work_mem": "256MB", "max_wal_size": "4GB",
        "checkpoint_timeout": "30min",
    ]
}

/// What stands between a plan and the servers.
public struct SteamTrapProxies: Sendable {
    public let database: FaultProxy
    public let cache: FaultProxy
    public let api: FaultProxy
    public let cluster: FaultProxy
    public let objects: FaultProxy

    public var all: [FaultProxy] { [database, cache, api, cluster, objects] }
}

/// Made anew for each sandbox.
struct SteamTrapPasswords: Sendable {
    let look = Self.make()
    let change = Self.make()
    let cache = Self.make()

    static func make() -> String { UUID().uuidString.replacing("-", with: "").lowercased() }
}
