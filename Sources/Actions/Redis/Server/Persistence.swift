import ClientRedis
import Host
import Maintenance

/// How a server keeps its data over a restart.
enum PersistenceWay: String, WordValue { case snapshots, appendOnly = "append-only" }

/// Whether what the server promises to keep is kept: the last save, what changed since, the append-only file.
struct Persistence: Check {
    typealias Kind = RedisKind

    var expect: [PersistenceWay] = []
    var maxAge: Duration?

    static let declaration = Declaration(
        name: "redis.persistence",
        summary: "Looks at the last save, what changed since, and the append-only file.",
        measurements: [
            MeasurementDeclaration(
                "save_age", .seconds, "Age of the last snapshot, or of the start where it has none."),
            MeasurementDeclaration("unsaved_changes", "Writes since the last snapshot."),
            MeasurementDeclaration("append_only_bytes", .bytes, "Size of the append-only file."),
            MeasurementDeclaration("delayed_syncs", "Times a write waited for the disk, since the start."),
        ],
        timeout: .seconds(15),
        applies:
            "Redis from version 4 on, primaries and replicas. It sees what the server says of its saves, not the disk's "
            + "free space. A server that keeps nothing is well unless `expect` says otherwise: caches do.",
        example: "{ expect: [snapshots, append-only], max-age: 2h }", looksByItself: true)

    static let parameters: [Parameter<Persistence>] = [
        .optional("expect", \.expect, default: [], "What must be on: `snapshots`, `append-only`."),
        .optional(
            "max-age", \.maxAge, default: nil,
            "Age of the last snapshot, with changes since, that is a failure. Without it, the server's `save` rules decide."
        ),
    ]

    var rights: [Right] {
        Right.readInfo + [.redis(.look, "+config|get", "to read the `save` rules, by which a save may be overdue")]
    }

    func observe(_ access: RedisAccess, in context: Context) async throws -> Observation {
        let info = try await ServerInfo.read(access)
        let clock = info.number("server_time_usec").map { $0 / 1e6 }
        let now = clock ?? Double(context.host.now().microsecondsSinceEpoch) / 1e6
        let state = try PersistenceState(info, now: now)
        let rules = try await rules(access)
        var observation = Observation(
            summary: state.summary(rules),
            measurements: [
                Measurement("save_age", state.age, .seconds), Measurement("unsaved_changes", state.changes),
            ])
        if state.isAppendOnly, let size = info.number("aof_current_size") {
            observation.measurements.append(Measurement("append_only_bytes", size, .bytes))
            observation.measurements.append(
                Measurement("delayed_syncs", info.number("aof_delayed_fsync") ?? 0))
        } else {
            let cause = Cause(.noData, "There is no append-only file.")
            observation.missing["append_only_bytes"] = cause
            observation.missing["delayed_syncs"] = cause
        }
        observation.findings = state.failures(access.identity) + expectations(access.identity, state, rules)
        if let overdue = state.overdue(rules, maxAge: maxAge) {
            observation.findings.append(
                Finding(
                    access.identity, .fail, Cause(.stale, overdue),
                    advice: "See the server's log for why it does not save: memory for the fork, or the disk."))
        }
        return observation
    }

    /// `nil` where they may not be read.
    private func rules(_ access: RedisAccess) async throws -> Result<[SaveRule], CouldNotLook> {
        let command = RedisCommand("CONFIG", "GET", "save")
        do {
            let reply = try await access.ask(command)
            guard let text = reply.value(after: "save")?.asText else {
                return .failure(CouldNotLook(.notSupported, "\(access.identity) does not tell its `save` rules."))
            }
            return .success(SaveRule.all(text))
        } catch let error as CouldNotLook where [.noPermission, .rejected].contains(error.cause.code) {
            return .failure(error)
        }
    }

    private func expectations(
        _ subject: String, _ state: PersistenceState, _ rules: Result<[SaveRule], CouldNotLook>
    ) -> [Finding] {
        var findings: [Finding] = []
        if expect.contains(.appendOnly), !state.isAppendOnly {
            findings.append(
                Finding(
                    subject, .fail, Cause(.threshold, "It has no append-only file, and the plan expects one."),
                    advice: "CONFIG SET appendonly yes, and the same in its configuration file."))
        }
        switch rules {
        case .success(let rules) where rules.isEmpty && expect.contains(.snapshots):
            findings.append(
                Finding(
                    subject, .fail, Cause(.threshold, "It makes no snapshots, and the plan expects them."),
                    advice: "CONFIG SET save \"3600 1 300 100\", and the same in its configuration file."))
        // An age of the plan's own needs no rules.
        case .failure(let error) where maxAge == nil || expect.contains(.snapshots):
            findings.append(Finding(subject, .unknown, error.cause))
        default: break
        }
        return findings
    }
}
