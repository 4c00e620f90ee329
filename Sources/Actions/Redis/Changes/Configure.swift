import ClientRedis
import Host
import Maintenance

/// Changes settings of a running server, and writes them to its file.
struct Configure: RepairableChange, UndoableChange {
    typealias Kind = RedisKind

    var settings: [String: String] = [:]
    var persist = true

    static let declaration = Declaration(
        name: "redis.config",
        summary: "Sets settings of the running server (CONFIG SET), in force at once, and writes them to its file.",
        measurements: [
            MeasurementDeclaration("settings", .count, "Settings that are as they should be."),
            MeasurementDeclaration("changed", .count, "Settings whose value is another one than before."),
        ],
        timeout: .seconds(60),
        applies:
            "Redis and servers that speak its protocol, version 4 and later; in a cluster each node is a target. Only "
            + "settings of memory, eviction, expiry, encodings, logs of slowness and saving. Not where the service keeps "
            + "CONFIG to itself (ElastiCache, MemoryDB): change its parameter group.",
        example: """
            settings: { maxmemory: 2 GiB, maxmemory-policy: allkeys-lru }
            """)

    static let parameters: [Parameter<Configure>] = [
        .required("settings", \.settings, "Names of settings with the values that they get."),
        .optional(
            "persist", \.persist, default: true,
            "Writes the server's configuration file as well (CONFIG REWRITE); without it a restart undoes the change."),
    ]

    init() {}

    var impact: Impact { .online }

    func validate() throws(ValueError) {
        guard !settings.isEmpty else { throw ValueError("no setting is named", path: ["settings"]) }
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            guard let setting = ServerSetting.named(name) else {
                let hint = name.closest(among: ServerSetting.names).map { "; did you mean `\($0)`?" } ?? ""
                throw ValueError("`\(name)` is no setting that this action changes\(hint)", path: ["settings", name])
            }
            if setting.isBytes, ServerSetting.bytes(value) == nil {
                throw ValueError("`\(value)` is no amount of bytes such as 2 GiB or 2gb", path: ["settings", name])
            }
        }
    }

    var rights: [Right] {
        var rights =
            Right.readInfo + [
                .redis(.look, "+config|get", "to see what the settings are"),
                .redis(.change, "+select", "to use the database that the target names"),
                .redis(.change, "+config|set", "to change them"),
                .redis(.change, "+config|get", "to take back only what is still ours"),
            ]
        if settings["maxmemory"] != nil {
            rights.append(.redis(.change, "+info", "to see that taking the limit back evicts nothing"))
        }
        if persist { rights.append(.redis(.change, "+config|rewrite", "to write them to the server's file")) }
        return rights
    }

    struct Baseline: Codable, Hashable, Sendable {
        let former: String
    }

    func preview(_ access: RedisAccess, in context: Context) async throws -> Preview {
        let info = try await ServerInfo.read(access)
        var units: [WorkUnit] = []
        var findings: [Finding] = []
        var statements: [String] = []
        var impact: Impact?
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            let wanted = ServerSetting.canonical(name, value)
            guard let live = try await Self.live(name, access) else {
                let cause = Cause(
                    .notSupported, "\(access.identity) has no setting `\(name)`: it is of another version.")
                findings.append(Finding(name, .fail, cause))
                continue
            }
            units.append(
                WorkUnit(
                    id: name, title: "\(name): \(live) → \(wanted)", expected: .seconds(1),
                    attributes: ["value": wanted]))
            statements.append("CONFIG SET \(name) \(wanted)")
            if ["maxmemory", "maxmemory-policy"].contains(name), impact == nil, let more = squeeze(info) {
                findings.append(Finding(name, .warn, more.cause, advice: "Choose a window: it happens at once."))
                impact = more.impact
            }
        }
        if persist, (info.text("config_file") ?? "").isEmpty {
            let cause = Cause(
                .notSupported,
                "\(access.identity) runs without a configuration file: what is set is lost with its next start.")
            findings.append(
                Finding(access.identity, .fail, cause, advice: "Say `persist: false`, and change what starts it."))
        }
        return Preview(
            summary: units.map(\.title).joined(separator: "; "), units: units, findings: findings,
            statements: statements + (persist ? ["CONFIG REWRITE"] : []), impact: impact)
    }

    /// A limit below what is used has keys evicted, or writes refused, in the moment when it is set. The limit is set
    /// before the policy: either of the policies may evict.
    private func squeeze(_ info: ServerInfo) -> (impact: Impact, cause: Cause)? {
        let wanted = settings["maxmemory"].flatMap { Double(ServerSetting.canonical("maxmemory", $0)) }
        guard let limit = wanted ?? info.number("maxmemory"), limit > 0, let used = info.number("used_memory"),
            used > limit
        else { return nil }
        let live = info.text("maxmemory_policy") ?? "noeviction"
        let evicting = [wanted == nil ? nil : live, settings["maxmemory-policy"]?.lowercased()]
            .compactMap { $0 }.first { $0 != "noeviction" }
        // Without a new limit the live policy has done what it does.
        guard wanted != nil || evicting != nil else { return nil }
        let what = evicting.map { "keys would be evicted (\($0))" } ?? "writes would be refused"
        return (
            evicting == nil ? .disruptive : .destructive,
            Cause(
                .outOfRange,
                "\(ByteCount.text(used)) are used, and the limit would be \(ByteCount.text(limit)): \(what) at once.")
        )
    }

    func prepare(_ unit: WorkUnit, _ access: RedisAccess, in context: Context) async throws -> Baseline {
        Baseline(former: try await live(unit, access))
    }

    func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context
    ) async throws -> ChangeState {
        let wanted = unit.attributes["value"] ?? ""
        guard ServerSetting.isSame(try await live(unit, access), wanted) else { return .pending }
        let isChanged = !ServerSetting.isSame(baseline.former, wanted)
        // No command reads the file: only the server's word that it wrote it counts, and after a crash nobody has it.
        if persist, access.receipts.items(of: context.work(unit)).isEmpty {
            return isChanged ? .partial("\(unit.id) is in force and perhaps not in the server's file") : .pending
        }
        let kept = persist ? ", and written to the server's file" : ", until its next start"
        return .applied(
            Proof(
                "\(unit.id) is \(wanted)\(isChanged ? " after \(baseline.former)" : " as before")\(kept)",
                measurements: [Measurement("settings", 1), Measurement("changed", isChanged ? 1 : 0)]))
    }

    func apply(_ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context) async throws {
        let wanted = unit.attributes["value"] ?? ""
        guard ServerSetting.named(unit.id) != nil else {
            throw CouldNotLook(.malformed, "`\(unit.id)` is no setting that this action changes: make a new plan.")
        }
        try await set(unit.id, wanted, access)
        if persist { access.receipts.note([0], of: context.work(unit)) }
    }

    func repair(_ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context) async throws {
        try await apply(unit, since: baseline, access, in: context)
    }

    /// What somebody else set since is left.
    func undo(_ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context) async throws {
        if ServerSetting.isSame(try await live(unit, access), unit.attributes["value"] ?? "") {
            if unit.id == "maxmemory", let limit = Double(baseline.former), limit > 0,
                let used = try await ServerInfo.read(access).number("used_memory"), used > limit
            {
                throw ChangeFailed(
                    .rejected,
                    "\(ByteCount.text(used)) are used by now: \(ByteCount.text(limit)) as before would evict keys or "
                        + "refuse writes. It is left as it is.")
            }
            try await set(unit.id, baseline.former, access)
        }
        access.receipts.forget(context.work(unit))
    }

    private func set(_ name: String, _ value: String, _ access: RedisAccess) async throws {
        try await done(RedisCommand("CONFIG", "SET", name, value), access)
        if persist { try await done(RedisCommand("CONFIG", "REWRITE"), access) }
    }

    /// The server's words on its own settings hold no data.
    private func done(_ command: RedisCommand, _ access: RedisAccess) async throws {
        let reply = try await access.send([command]).first
        if case .error(let error) = reply, error.code == "ERR" {
            throw ChangeFailed(
                .rejected, "\(access.identity) answered \(command.description) with `\(error.message.prefix(200))`.")
        }
        _ = try access.value(reply, of: command)
    }

    private func live(_ unit: WorkUnit, _ access: RedisAccess) async throws -> String {
        guard let value = try await Self.live(unit.id, access) else {
            throw CouldNotLook(.notSupported, "\(access.identity) has no setting `\(unit.id)`.")
        }
        return value
    }

    private static func live(_ name: String, _ access: RedisAccess) async throws -> String? {
        try await access.ask(RedisCommand("CONFIG", "GET", name)).value(after: name)?.asText
    }
}
