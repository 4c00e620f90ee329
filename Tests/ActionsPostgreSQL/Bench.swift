import ActionsPostgreSQL
import ClientPostgreSQL
import Host
public import Maintenance
import Sandbox
import TestSupport

/// A database of a test, and actions on it as the engine would use them: through their definitions, with baselines as
/// bytes.
struct Bench: Sendable {
    let server: PostgreSQLServer
    let database: String
    let target: StepTargets
    var time = Duration.seconds(20)
    var past: [PastMeasurement] = []

    /// `roles` are signed in as looking and changing; without them the superuser does both.
    static func run<Result>(
        schema: String = "", roles: (look: String, change: String)? = nil,
        _ body: (Bench) async throws -> Result
    ) async throws -> Result {
        let server = try await PostgreSQLServer.shared()
        return try await Gate.databases.pass {
            try await server.withDatabase { database in
                if !schema.isEmpty { try await server.psql(schema, database: database) }
                return try await open(server, database, roles: roles, body)
            }
        }
    }

    /// On a server of its own, where nobody else keeps dead rows alive: whoever is just connecting to any of a server's
    /// databases does so for all of them.
    static func alone(schema: String, _ body: (Bench) async throws -> Void) async throws {
        let server = try await PostgreSQLServer.start(settings: ["autovacuum": "off"])
        try await doing {
            try await server.psql(schema, database: "postgres")
            try await open(server, "postgres", body)
        } finally: {
            await server.stop()
        }
    }

    static func open<Result>(
        _ server: PostgreSQLServer, _ database: String, roles: (look: String, change: String)? = nil,
        _ body: (Bench) async throws -> Result
    ) async throws -> Result {
        var settings: PlanValue = .text(server.url(database: database))
        if let roles {
            settings = [
                "look": .text(server.url(database: database, user: roles.look, password: "p")),
                "change": .text(server.url(database: database, user: roles.change, password: "p")),
            ]
        }
        let target = try PostgreSQLActions.kinds[0].target(from: settings)
        let open = Self.open(target)
        return try await doing {
            try await body(Bench(server: server, database: database, target: open))
        } finally: {
            await open.close()
        }
    }

    private static func open(_ kind: some TargetKind) -> StepTargets { StepTargets(OpenTarget(kind, on: .system)) }

    @discardableResult
    func sql(_ text: String) async throws -> String { try await server.psql(text, database: database) }

    func context(run: String = "run", unit: String? = nil) -> Context {
        let past = past
        return Context(
            host: .system, deadline: Host.system.steady() + time, label: WorkLabel(run: run, step: "step", unit: unit),
            history: { _ in past })
    }

    func action(_ name: String, _ parameters: PlanValue?) throws -> ConfiguredAction {
        guard let definition = PostgreSQLActions.all.first(where: { $0.name == name }) else { throw NoSuchAction() }
        return try definition.configured(with: parameters)
    }

    func observe(_ name: String, _ parameters: PlanValue? = nil) async throws -> Seen {
        let action = try action(name, parameters)
        guard case .check(let check) = action.work else { throw NoSuchAction() }
        return Seen(try await check.observe(target, context()), action.thresholds)
    }

    func change(_ name: String, _ parameters: PlanValue? = nil) throws -> ConfiguredChange {
        guard case .change(let change) = try action(name, parameters).work else { throw NoSuchAction() }
        return change
    }

    func preview(_ change: ConfiguredChange) async throws -> Preview { try await change.preview(target, context()) }

    func prepare(_ change: ConfiguredChange, _ unit: WorkUnit) async throws -> [UInt8] {
        try await change.prepare(unit, target, context(unit: unit.id))
    }

    func probe(_ change: ConfiguredChange, _ unit: WorkUnit, _ baseline: [UInt8]) async throws -> ChangeState {
        try await change.probe(unit, baseline, target, context(unit: unit.id))
    }

    func apply(_ change: ConfiguredChange, _ unit: WorkUnit, _ baseline: [UInt8]) async throws {
        try await change.apply(unit, baseline, target, context(unit: unit.id))
    }

    func undo(_ change: ConfiguredChange, _ unit: WorkUnit, _ baseline: [UInt8]) async throws {
        guard let undo = change.undo else { throw NoSuchAction() }
        try await undo(unit, baseline, target, context(unit: unit.id))
    }

    /// All units, each looked at before and after.
    func doAll(_ change: ConfiguredChange, _ preview: Preview) async throws -> [Proof] {
        var proofs: [Proof] = []
        for unit in preview.units {
            let baseline = try await prepare(change, unit)
            try await apply(change, unit, baseline)
            guard case .applied(let proof) = try await probe(change, unit, baseline) else { throw NotProven() }
            proofs.append(proof)
        }
        return proofs
    }

    /// Roles of this database, with what `grants` gives them; dropped by `dropRoles`.
    func makeRoles(_ names: String...) async throws {
        for name in names { try await sql("CREATE ROLE \(name) LOGIN PASSWORD 'p'") }
    }

    func dropRoles(_ names: String...) async throws {
        for name in names { try await sql("DROP OWNED BY \(name) CASCADE; DROP ROLE \(name)") }
    }
}

struct NoSuchAction: Error {}
struct NotProven: Error {}

/// An observation with its verdict, as the plan's defaults judge it.
struct Seen {
    let observation: Observation
    let verdict: Verdict

    init(_ observation: Observation, _ thresholds: Thresholds) {
        self.observation = observation
        verdict = FaultAnswer(observation, thresholds).verdict
    }

    subscript(_ measurement: String) -> Double? {
        observation.measurements.first { $0.name == measurement }?.value
    }
}

extension Proof {
    subscript(_ measurement: String) -> Double? { measurements.first { $0.name == measurement }?.value }
}

extension Preview {
    subscript(_ measurement: String) -> Double? { measurements.first { $0.name == measurement }?.value }
}

/// What a body could not do, or failed to do.
func failure(_ body: () async throws -> Void) async throws -> (code: Cause.Code, sentence: String, isFailed: Bool)? {
    do {
        try await body()
        return nil
    } catch let error as CouldNotLook {
        return (error.cause.code, error.cause.sentence, false)
    } catch let error as ChangeFailed {
        return (error.cause.code, error.cause.sentence, true)
    }
}

extension PlanValue: ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    public init(stringLiteral value: String) { self = .text(value) }
    public init(arrayLiteral elements: PlanValue...) { self = .list(elements) }
    public init(dictionaryLiteral elements: (String, PlanValue)...) { self = .map(elements.map { Entry($0, $1) }) }
}
