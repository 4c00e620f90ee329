import Host
import Maintenance

/// A small catalogue of the tests' own: what plans say can be tried without any room of clients or actions.
enum FakeCatalogue {
    static let whole = Catalogue(
        actions: [
            .check(Connections.self), .change(Vacuum.self), .change(Archive.self), .change(Drop.self),
            .change(DeletePattern.self), .check(Health.self), .check(Values.self), .check(Certificate.self),
            .check(DiskUsage.self), .change(RunProgram.self),
        ],
        kinds: [
            TargetKindDefinition(Database.self), TargetKindDefinition(Cache.self), TargetKindDefinition(Endpoint.self),
            TargetKindDefinition(TLS.self), TargetKindDefinition(Machine.self),
        ],
        channels: [
            ChannelKindDefinition(Webhook.self), ChannelKindDefinition(Watchdog.self),
            ChannelKindDefinition(Letters.self),
        ], programs: .fake)
}

protocol FakeChannel: ChannelKind {}

extension FakeChannel {
    static var summary: String { "A fake." }
    static var shorthand: String { "url" }
    var identity: String { Self.name }
    func deliver(_ notice: Notice, id: String, in context: Context) async throws -> DeliveryReceipt {
        DeliveryReceipt("heard")
    }
}

struct Webhook: FakeChannel {
    static let name = "webhook"
    static var parameters: [Parameter<Webhook>] {
        [
            .required("url", \.url, "Where."),
            .optional("headers", \.headers, default: [:], "Headers."),
        ]
    }
    var url = Secret("")
    var headers: [String: String] = [:]
}

struct Letters: FakeChannel {
    static let name = "mail"
    static let recipientParameter: String? = "to"
    static var parameters: [Parameter<Letters>] {
        [
            .required("url", \.url, "Where."),
            .required("to", \.to, "To whom."),
        ]
    }
    var url = ""
    var to: [String] = []
    func validate() throws(ValueError) {
        if to.count > 3 { throw ValueError("more than 3 recipients", path: ["to"]) }
    }
}

struct Watchdog: FakeChannel {
    static let name = "heartbeat"
    static let use = ChannelUse.heartbeat
    static let isIdempotent = true
    static let failureParameter: String? = "failure-url"
    static var parameters: [Parameter<Watchdog>] {
        [
            .required("url", \.url, "Where."),
            .optional("failure-url", \.failureURL, default: nil, "Where failures go."),
        ]
    }
    var url = Secret("")
    var failureURL: Secret?
}

protocol FakeKind: TargetKind where Client == Void, Access == Void {}

extension FakeKind {
    static var summary: String { "A fake." }
    static var schemes: [String] { [] }
    var identity: String { Self.name }
    func open(on host: Host) {}
    func access(_ client: Void, for purpose: Purpose, in context: Context) async throws {}
    func close(_ client: Void) async {}
}

struct Database: FakeKind {
    static let name = "postgresql"
    static let shorthand = "look"
    static var parameters: [Parameter<Database>] {
        [
            .required("look", \.look, "The URL to look with."),
            .optional("change", \.change, default: nil, "The URL to change with."),
        ]
    }
    var look = Secret("")
    var change: Secret?
}

struct Cache: FakeKind {
    static let name = "redis"
    static let shorthand = "url"
    static var parameters: [Parameter<Cache>] {
        [
            .required("url", \.url, "The URL."), .optional("password", \.password, default: nil, "The password."),
            .optional("database", \.database, default: 0, "The database's number."),
        ]
    }
    var url = ""
    var password: Secret?
    var database = 0
    func validate() throws(ValueError) {
        guard url.hasPrefix("redis://") || url.hasPrefix("rediss://") else {
            throw ValueError("`url` begins with redis:// or rediss://", path: ["url"])
        }
    }
}

struct Endpoint: FakeKind {
    static let name = "http"
    static let shorthand = "url"
    static var parameters: [Parameter<Endpoint>] {
        [
            .required("url", \.url, "The base URL."), .optional("ca", \.ca, default: nil, "A PEM file."),
            .optional("headers", \.headers, default: [:], "Headers."),
        ]
    }
    var url = ""
    var ca: String?
    var headers: [String: String] = [:]
}

struct TLS: FakeKind {
    static let name = "tls"
    static let shorthand = "address"
    static var parameters: [Parameter<TLS>] {
        [.required("address", \.address, "Where."), .optional("ca", \.ca, default: nil, "A PEM file.")]
    }
    var address = ""
    var ca: String?
}

struct Machine: FakeKind {
    static let name = "host"
    static let shorthand = "at"
    static var parameters: [Parameter<Machine>] { [.optional("at", \.at, default: "local", "Where.")] }
    var at = "local"
}

protocol FakeCheck: Check where Kind: FakeKind {}

extension FakeCheck {
    func observe(_ access: Void, in context: Context) async throws -> Observation { Observation(summary: "") }
}

struct Connections: FakeCheck {
    typealias Kind = Database
    static let declaration = Declaration(
        name: "postgresql.connections", summary: "Counts connections.",
        measurements: [
            MeasurementDeclaration("used", .count, "Connections in use."),
            MeasurementDeclaration("used_percent", .percent, "Of those allowed."),
            MeasurementDeclaration("oldest", .seconds, "The oldest transaction."),
        ],
        thresholds: Thresholds(warn: "used_percent > 80%"), timeout: .seconds(60), applies: "anywhere")
    static var parameters: [Parameter<Connections>] {
        [.optional("except", \.except, default: [], "Users that do not count.")]
    }
    var except: [String] = []
}

struct Health: FakeCheck {
    typealias Kind = Endpoint
    static let declaration = Declaration(
        name: "http.health", summary: "Asks an endpoint.",
        measurements: [
            MeasurementDeclaration("status", .count, "The status."),
            MeasurementDeclaration("latency", .milliseconds, "How long it took."),
        ], applies: "anywhere")
    static var parameters: [Parameter<Health>] {
        [
            .optional("path", \.path, default: "/", "The path."),
            .optional("expect", \.expect, default: [200], "Statuses."),
            .optional("max-latency", \.maxLatency, default: nil, "The longest."),
        ]
    }
    var path = "/"
    var expect = [200]
    var maxLatency: Duration?
}

/// Its parameters name what it measures.
struct Values: FakeCheck {
    typealias Kind = Endpoint
    static let declaration = Declaration(
        name: "http.json", summary: "Reads values of a document.", applies: "anywhere", hasOpenMeasurements: true)
    static var parameters: [Parameter<Values>] {
        [.required("path", \.path, "The path."), .required("values", \.values, "The values by name.")]
    }
    var path = ""
    var values: [String: String] = [:]
    var measurements: [MeasurementDeclaration] {
        values.keys.sorted().map { MeasurementDeclaration($0, $0.hasSuffix("percent") ? .percent : .count, "") }
    }
}

struct Certificate: FakeCheck {
    typealias Kind = TLS
    static let declaration = Declaration(
        name: "tls.certificate", summary: "Looks at a certificate.",
        measurements: [
            MeasurementDeclaration("days_left", .days, "Until it expires."),
            MeasurementDeclaration("expiry", .timestamp, "When it expires.", aggregate: .last),
        ], applies: "anywhere")
    static var parameters: [Parameter<Certificate>] { [] }
}

struct DiskUsage: FakeCheck {
    typealias Kind = Machine
    static let declaration = Declaration(
        name: "disk.usage", summary: "Looks at mounts.",
        measurements: [MeasurementDeclaration("used_percent", .percent, "The fullest.")], applies: "anywhere")
    static var parameters: [Parameter<DiskUsage>] { [.optional("paths", \.paths, default: ["/"], "Which.")] }
    var paths = ["/"]
}

protocol FakeChange: Change where Kind: FakeKind, Baseline == Int {}

extension FakeChange {
    var impact: Impact { .online }
    func preview(_ access: Void, in context: Context) async throws -> Preview { Preview(summary: "", units: []) }
    func prepare(_ unit: WorkUnit, _ access: Void, in context: Context) async throws -> Int { 0 }
    func probe(_ unit: WorkUnit, since: Int, _ access: Void, in context: Context) async throws -> ChangeState {
        .pending
    }
    func apply(_ unit: WorkUnit, since: Int, _ access: Void, in context: Context) async throws {}
}

struct Vacuum: FakeChange, UndoableChange {
    typealias Kind = Database
    static let declaration = Declaration(
        name: "postgresql.vacuum", summary: "Vacuums tables.",
        measurements: [MeasurementDeclaration("tables", .count, "Tables vacuumed.")], applies: "anywhere")
    static var parameters: [Parameter<Vacuum>] {
        [
            .required("tables", \.tables, "The tables."), .optional("full", \.full, default: false, "Rewrites them."),
            .optional("parallel", \.parallel, default: 1, "Workers."),
        ]
    }
    var tables: [String] = []
    var full = false
    var parallel = 1
    var impact: Impact { full ? .disruptive : .online }
    func validate() throws(ValueError) {
        guard !tables.isEmpty else { throw ValueError("no table is named", path: ["tables"]) }
    }
    func undo(_ unit: WorkUnit, since: Int, _ access: Void, in context: Context) async throws {}
}

struct Archive: FakeChange {
    typealias Kind = Database
    static let declaration = Declaration(
        name: "postgresql.archive", summary: "Archives rows.",
        measurements: [MeasurementDeclaration("rows", .count, "Rows moved.")], timeout: .seconds(7200),
        applies: "anywhere",
        limits: ["rows"])
    static var parameters: [Parameter<Archive>] {
        [
            .required("table", \.table, "The table."), .required("older-than", \.olderThan, "The age."),
            .optional("batch", \.batch, default: 5000, "Rows of a batch."),
        ]
    }
    var table = ""
    var olderThan = Age(2, .year)
    var batch = 5000
}

struct Drop: FakeChange {
    typealias Kind = Database
    static let declaration = Declaration(name: "postgresql.drop", summary: "Drops a table.", applies: "anywhere")
    static var parameters: [Parameter<Drop>] { [.required("table", \.table, "The table.")] }
    var table = ""
    var impact: Impact { .destructive }
}

struct DeletePattern: FakeChange {
    typealias Kind = Cache
    static let declaration = Declaration(
        name: "redis.delete-pattern", summary: "Deletes keys.",
        measurements: [MeasurementDeclaration("deleted", .count, "Keys deleted.")], applies: "anywhere",
        limits: ["keys"])
    static var parameters: [Parameter<DeletePattern>] { [.required("pattern", \.pattern, "The pattern.")] }
    var pattern = ""
}

struct RunProgram: FakeChange {
    typealias Kind = Machine
    static let declaration = Declaration(
        name: "program.run", summary: "Runs a program.",
        measurements: [MeasurementDeclaration("exit_status", .count, "Its exit status.")], applies: "anywhere")
    static var parameters: [Parameter<RunProgram>] {
        [
            .required("program", \.program, "Its path."),
            .optional("arguments", \.arguments, default: [], "Its arguments."),
            .optional("environment", \.environment, default: [:], "Its environment."),
        ]
    }
    var program = ""
    var arguments: [String] = []
    var environment: [String: String] = [:]
}

extension ActionPrograms {
    /// Programs of a test's own: what one is told to be stands in its arguments.
    static let fake = ActionPrograms(
        describe: { source, _ throws(CouldNotLook) in
            guard source.arguments.first != "missing" else {
                throw CouldNotLook(.notFound, "The program missing could not be started: no such file.")
            }
            return ActionProgram(
                name: source.name, arguments: source.arguments, environment: source.environment,
                directory: source.folder, digest: "digest", description: .text(source.arguments.last ?? ""))
        },
        define: { program throws(ValueErrors) in
            let kind = program.description.asText ?? ""
            return ActionDefinition(
                Declaration(name: program.name, summary: "A fake.", applies: "Everywhere."),
                roles: [TargetRole(kinds: [kind == "check" ? "host" : kind])], parameters: [], isChange: false,
                configure: { _ throws(ValueErrors) in
                    ConfiguredAction(
                        impact: .observe, rights: [], thresholds: Thresholds(), measurements: [],
                        work: .check(ConfiguredCheck { _, _ in Observation(summary: "seen") }))
                },
                decodable: { _, _ throws(ValueErrors) in })
        })
}
