public import ClientPostgreSQL
import Host
public import Maintenance

/// Brings extensions to the version that the server's files have, or to a named one.
public struct UpdateExtension: Change {
    public typealias Kind = PostgreSQLKind

    var extensions: [String] = []
    var to: String?

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.update-extension",
        summary: "Updates extensions to their default version or a named one, and looks that they have it.",
        measurements: [MeasurementDeclaration("extensions", "Extensions that were updated.")],
        timeout: .seconds(300),
        applies: "Every PostgreSQL from 12 on, tested with 15, not through a pooler, not on a standby. It runs scripts "
            + "that came with the extension's files, in one transaction each: what they lock is theirs to say, so it is "
            + "disruptive. There is no way back but a script of the extension.",
        example: "{ extensions: [pg_trgm] }", limits: ["extensions"])

    public static let parameters: [Parameter<UpdateExtension>] = [
        .optional(
            "extensions", \.extensions, default: [],
            "Extensions to update; where none is named, all that are not at their default version."),
        .optional("to", \.to, default: nil, "The version to update to, of the one extension that is named."),
    ]

    public func validate() throws(ValueError) {
        guard to == nil || extensions.count == 1 else {
            throw ValueError("a version belongs to exactly one extension", path: ["to"])
        }
    }

    public var impact: Impact { .disruptive }

    public var rights: [Right] {
        let names =
            extensions.isEmpty ? "" : "AND e.extname IN (\(extensions.map(quotedLiteral).joined(separator: ", "))) "
        return [
            .connect(.look), .connect(.change),
            .postgresql(
                .change,
                "DO $$DECLARE o record; BEGIN FOR o IN SELECT DISTINCT r.rolname, r.rolsuper FROM pg_extension e "
                    + "JOIN pg_roles r ON r.oid = e.extowner JOIN pg_available_extensions a ON a.name = e.extname "
                    + "WHERE a.default_version <> e.extversion \(names)LOOP IF o.rolsuper THEN RAISE EXCEPTION "
                    + "'an extension belongs to the superuser %: let it update it', o.rolname; END IF; "
                    + "EXECUTE format('GRANT %I TO {role}', o.rolname); END LOOP; END$$;",
                "only an extension's owner may update it; one that is not trusted takes a superuser"),
            .postgresql(
                .change,
                "DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {role}', current_database()); END$$;",
                "a trusted extension is updated by whoever may create in the database"),
        ]
    }

    public struct Baseline: Codable, Sendable {
        let version: String
    }

    public func preview(_ access: PostgreSQLAccess, in context: Context) async throws -> Preview {
        let rows = try await access.query(
            Self.statement, [.array(extensions), SQLParameter(extensions.isEmpty ? 1 : 0), SQLParameter(to)])
        let found = try rows.rows.map(FoundExtension.init)
        var findings = extensions.filter { name in !found.contains { $0.name == name } }.map { name in
            Finding(
                name, .fail, Cause(.notFound, "The extension is not in this database."),
                advice: "Check its name; CREATE EXTENSION installs it.")
        }
        findings += found.compactMap(\.mistake)
        let pending = found.filter { $0.mistake == nil && $0.version != $0.target }
        return Preview(
            summary: pending.isEmpty
                ? "\(found.count) extensions, none to update"
                : pending.map { "\($0.name): \($0.version) → \($0.target ?? "")" }.joined(separator: "; "),
            units: pending.map { found in
                WorkUnit(
                    id: found.name, title: "\(found.name): \(found.path ?? "")", expected: .seconds(5),
                    attributes: ["to": found.target ?? ""])
            },
            findings: findings,
            statements: pending.map { Self.statement(of: $0.name, $0.target ?? "") })
    }

    public func prepare(
        _ unit: WorkUnit, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> Baseline {
        Baseline(version: try await version(unit, access))
    }

    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> ChangeState {
        let version = try await version(unit, access)
        if version == unit.attributes["to"] {
            return .applied(
                Proof(
                    "\(unit.id) is at \(version), from \(baseline.version)",
                    measurements: [Measurement("extensions", version == baseline.version ? 0 : 1)]))
        }
        if let process = try await access.running(context.label) { return .running(handle: "process \(process)") }
        guard version == baseline.version else {
            return .unknown(
                Cause(.changedMeanwhile, "Somebody else has brought \(unit.id) to \(version) since."))
        }
        return .pending
    }

    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        let statement = Self.statement(of: unit.id, unit.attributes["to"] ?? "")
        try await access.changing { session in
            try await session.execute("SELECT set_config('lock_timeout', '\(PostgreSQLActionLimits.lockWait)', false)")
            try await LockQueue.patiently(context, session, subject: unit.id) {
                _ = try await session.execute(statement)
            }
        }
    }

    private func version(_ unit: WorkUnit, _ access: PostgreSQLAccess) async throws -> String {
        let rows = try await access.query(
            "SELECT extversion FROM pg_catalog.pg_extension WHERE extname = $1", [SQLParameter(unit.id)])
        guard let row = rows.rows.first else {
            throw CouldNotLook(.notFound, "The extension \(unit.id) is not there any more.")
        }
        return try row.text("extversion")
    }

    private static func statement(of name: String, _ version: String) -> String {
        "ALTER EXTENSION \(quotedIdentifier(name)) UPDATE TO \(quotedLiteral(version))"
    }

    /// The server knows which scripts lead from one version to another.
    private static let statement = """
        SELECT e.extname AS name, e.extversion AS version, coalesce($3::text, a.default_version) AS target,
          (SELECT p.path FROM pg_catalog.pg_extension_update_paths(e.extname) p
            WHERE a.name IS NOT NULL AND p.source = e.extversion AND p.target = coalesce($3::text, a.default_version))
            AS path
        FROM pg_catalog.pg_extension e LEFT JOIN pg_catalog.pg_available_extensions a ON a.name = e.extname
        WHERE e.extname = ANY ($1::text[]) OR $2::int = 1 AND e.extversion <> a.default_version ORDER BY 1
        """
}

/// An extension of the database, and the way to its next version.
private struct FoundExtension {
    let name: String
    let version: String
    let target: String?
    let path: String?

    init(_ row: Row) throws {
        name = try row.text("name")
        version = try row.text("version")
        target = try row.optional("target")
        path = try row.optional("path")
    }

    var mistake: Finding? {
        guard let target else {
            return Finding(
                name, .fail, Cause(.notFound, "The server has no files of it any more."),
                advice: "Install its package, of the same major version as the server.")
        }
        guard version != target, path == nil else { return nil }
        return Finding(
            name, .fail, Cause(.notSupported, "No script leads from its version \(version) to \(target)."),
            advice: "See pg_extension_update_paths for the versions that can be reached.")
    }
}
