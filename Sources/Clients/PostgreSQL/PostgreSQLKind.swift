public import Host
public import Maintenance

/// A PostgreSQL database: one URL, or one for looking and one for changing.
public struct PostgreSQLKind: TargetKind {
    var url: Secret?
    var look: Secret?
    var change: Secret?
    var service: String?

    public init() {}

    public static let name = "postgresql"
    public static let summary = "A PostgreSQL database, reached as psql reaches it."
    public static let shorthand = "url"
    public static let schemes = ["postgresql", "postgres"]
    public static let parameters: [Parameter<PostgreSQLKind>] = [
        .optional(
            "url", \.url, default: nil,
            "Connection URL or keyword string as libpq takes it (sslmode, options, service … included), for looking "
                + "and changing alike. A password may also come from .pgpass or PGPASSFILE."),
        .optional(
            "look", \.look, default: nil, "Connection URL of the role that looks; nothing is ever altered with it."),
        .optional("change", \.change, default: nil, "Connection URL of the role that changes."),
        .optional(
            "service", \.service, default: nil,
            "Name of a service in pg_service.conf, in the place of a URL, for looking and changing alike."),
    ]

    public func validate() throws(ValueError) {
        guard [url != nil, look != nil || change != nil, service != nil].filter({ $0 }).count == 1 else {
            throw ValueError("give either `url`, or `look` and `change`, or `service`")
        }
        guard look != nil || change == nil else {
            throw ValueError("`change` needs `look` beside it: looking is done with looking rights only")
        }
        if let service, service.isEmpty { throw ValueError("an empty service name", path: ["service"]) }
        for (name, secret) in [("url", url), ("look", look), ("change", change)] {
            guard let secret else { continue }
            do { _ = try ConnectionSettings(secret.reveal()) } catch { throw error.under(name) }
        }
    }

    public var identity: String {
        guard let looking else { return "postgresql (not readable)" }
        guard let changing, changing != looking else { return looking.identity }
        let changes = changing.place == looking.place ? changing.user ?? "another role" : changing.identity
        return "\(looking.identity) (changes as \(changes))"
    }

    public var place: String? { (changing ?? looking).map { "postgresql \($0.place)" } ?? identity }

    public var secrets: [Secret] {
        [url, look, change].compactMap { $0 }.flatMap { secret in
            let inner = (try? ConnectionSettings(secret.reveal()))?.secrets ?? []
            // A URL without a password is no secret, and masking it would hide the identity.
            return inner.isEmpty ? [] : [secret] + inner.map { Secret($0) }
        }
    }

    public func open(on host: Host) -> PostgreSQLClient {
        // `validate` has read the same texts; an empty service name leads nowhere and says so when it is used.
        PostgreSQLClient(looking: looking ?? ConnectionSettings(service: ""), changing: changing, on: host)
    }

    public func access(
        _ client: PostgreSQLClient, for purpose: Purpose, in context: Context
    ) async throws -> PostgreSQLAccess {
        PostgreSQLAccess(client, for: purpose, in: context)
    }

    public func close(_ client: PostgreSQLClient) async { client.close() }

    private var looking: ConnectionSettings? { settings(look ?? url) }
    private var changing: ConnectionSettings? {
        if let change { return settings(change) }
        return look == nil ? looking : nil
    }

    private func settings(_ secret: Secret?) -> ConnectionSettings? {
        if let secret { return try? ConnectionSettings(secret.reveal()) }
        return service.map { ConnectionSettings(service: $0) }
    }
}
