public import ClientPostgreSQL
import Host
public import Maintenance

/// Who may do what: superusers, roles that end, what everybody may, how passwords and addresses are let in.
public struct Roles: Check {
    public typealias Kind = PostgreSQLKind

    var superusers: [String] = []
    var parts = RolePart.allCases
    var warnWithin = Duration.seconds(30 * 86_400)
    var failWithin = Duration.seconds(7 * 86_400)

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.roles",
        summary: "Looks who may do everything, whose sign-in ends, what everybody may do, and how people are let in.",
        measurements: [
            MeasurementDeclaration("roles", "Roles that may sign in."),
            MeasurementDeclaration("superusers", "Of these, those that are superuser or can become one."),
            MeasurementDeclaration(
                "strong", "Of the others, those that can get at everything: server files, all data."),
            MeasurementDeclaration("open", "What everybody may do and should not."),
            MeasurementDeclaration("weak_passwords", "Roles whose password is kept as MD5, or as it is."),
            MeasurementDeclaration("open_addresses", "Lines of pg_hba.conf that let others in without a secret."),
            MeasurementDeclaration("hba_errors", "Lines of pg_hba.conf that the server cannot read."),
        ],
        timeout: .seconds(30),
        applies: "Every PostgreSQL from 12 on; tested with 15. How passwords are kept and pg_hba.conf are shown to "
            + "superusers only (the latter also by grant): on RDS leave these `parts` out. Passwords themselves are "
            + "never read.",
        example: "{ superusers: [postgres, dba], parts: [roles, public] }", looksByItself: true)

    public static let parameters: [Parameter<Roles>] = [
        .optional(
            "superusers", \.superusers, default: [],
            "Roles that may be, or become, superuser. The first role of the server always may."),
        .optional("parts", \.parts, default: RolePart.allCases, "What is looked at."),
        .optional(
            "warn-within", \.warnWithin, default: .seconds(30 * 86_400),
            "It is a warning where a role's sign-in ends within this time."),
        .optional("fail-within", \.failWithin, default: .seconds(7 * 86_400), "The same for a failure."),
    ]

    public func validate() throws(ValueError) {
        guard !parts.isEmpty else { throw ValueError("nothing to look at", path: ["parts"]) }
    }

    public var rights: [Right] {
        var rights = [Right.connect(.look)]
        if parts.contains(.addresses) {
            rights.append(
                .postgresql(
                    .look,
                    "GRANT SELECT ON pg_hba_file_rules TO {role}; "
                        + "GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO {role};",
                    "to read how pg_hba.conf was understood"))
        }
        if parts.contains(.passwords) {
            rights.append(
                .postgresql(
                    .look, "GRANT SELECT (rolname, rolcanlogin, rolpassword) ON pg_authid TO {role};",
                    "to see how passwords are kept; it shows their hashes: rather leave `passwords` out of `parts`"))
        }
        return rights
    }

    public func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        let may = try await access.query(RoleSQL.rights).one()
        var observation = Observation(summary: "")
        if parts.contains(.roles) {
            try judgeRoles(try await access.query(RoleSQL.roles), context, &observation)
        }
        if parts.contains(.public) { try judgePublic(try await access.query(RoleSQL.public), &observation) }
        if parts.contains(.passwords) {
            try await part("how passwords are kept", try may.boolean("passwords"), ["weak_passwords"], &observation) {
                try judgePasswords(try await access.query(RoleSQL.passwords), &$0)
            }
        }
        if parts.contains(.addresses) {
            try await part(
                "pg_hba.conf", try may.boolean("addresses"), ["open_addresses", "hba_errors"], &observation
            ) { try judgeAddresses(try await access.query(RoleSQL.addresses), &$0) }
        }
        let findings = observation.findings.count
        let seen = observation.measurements.map { "\(Int($0.value)) \($0.name.replacing("_", with: " "))" }
        observation.summary = (seen + (findings > 0 ? ["\(findings) findings"] : [])).joined(separator: ", ")
        return observation
    }

    /// A part that only some may see.
    private func part(
        _ name: String, _ isAllowed: Bool, _ measurements: [String], _ observation: inout Observation,
        _ judge: (inout Observation) async throws -> Void
    ) async throws {
        guard !isAllowed else { return try await judge(&observation) }
        let cause = Cause(.noPermission, "The looking role may not see \(name).")
        for measurement in measurements { observation.missing[measurement] = cause }
        observation.findings.append(
            Finding(
                name, .unknown, cause,
                advice: "See `millwright rights`, or leave it out of `parts` and say so where it is looked at."))
    }

    private func judgeRoles(_ rows: Rows, _ context: Context, _ observation: inout Observation) throws {
        var (count, supers, strong) = (0, 0, 0)
        for row in rows.rows {
            let (name, mayLogIn) = (try row.text("name"), try row.boolean("may_log_in"))
            let (isSuper, through) = (try row.boolean("is_super"), try row.optional("super_through"))
            let powers = try row.optional("powers")
            let days = try row.optional("valid_days").flatMap(Double.init)
            observation.details.append([
                "role": .text(name), "may_log_in": .bool(mayLogIn), "superuser": .bool(isSuper),
                "superuser_through": through.map { .text($0) } ?? .null, "powers": powers.map { .text($0) } ?? .null,
                "valid_days": days.map { .number($0) } ?? .null,
            ])
            guard mayLogIn else { continue }
            count += 1
            if let finding = ending(name, days) { observation.findings.append(finding) }
            guard isSuper || through != nil else {
                if powers != nil { strong += 1 }
                continue
            }
            supers += 1
            guard try !row.boolean("is_first"), !superusers.contains(name) else { continue }
            let how = through.map { "can become superuser through \($0)" } ?? "is superuser"
            observation.findings.append(
                Finding(
                    "role \(name)", .warn, Cause(.tooMuchPower, "It \(how), and is not among those that may."),
                    advice: "Take the right away, or name the role in the step's `superusers`."))
        }
        observation.measurements += [
            Measurement("roles", count), Measurement("superusers", supers), Measurement("strong", strong),
        ]
    }

    /// What ended long ago was meant to.
    private func ending(_ name: String, _ days: Double?) -> Finding? {
        guard let days, days > -failWithin.inSeconds / 86_400, days < warnWithin.inSeconds / 86_400 else { return nil }
        let isFailing = days < failWithin.inSeconds / 86_400
        return Finding(
            "role \(name)", isFailing ? .fail : .warn,
            Cause(
                .threshold,
                days < 0 ? "Its password ended \(Int(-days)) days ago." : "Its password ends in \(Int(days)) days."),
            advice: "ALTER ROLE … VALID UNTIL, with a new password; or NOLOGIN where the end is meant.")
    }

    private func judgePublic(_ rows: Rows, _ observation: inout Observation) throws {
        observation.measurements.append(Measurement("open", rows.count))
        for row in rows.rows {
            observation.findings.append(
                Finding(
                    try row.text("object"), .warn, Cause(.tooMuchPower, "Everybody: \(try row.text("what"))."),
                    advice: "REVOKE it FROM PUBLIC, and grant it to whom it is meant for."))
        }
    }

    private func judgePasswords(_ rows: Rows, _ observation: inout Observation) throws {
        observation.measurements.append(Measurement("weak_passwords", rows.count))
        for row in rows.rows {
            observation.findings.append(
                Finding(
                    "role \(try row.text("name"))", .warn,
                    Cause(.weakPassword, "Its password is kept as \(try row.text("kind")), not as scram-sha-256."),
                    advice: "Set password_encryption = scram-sha-256, and its password anew."))
        }
    }

    private func judgeAddresses(_ rows: Rows, _ observation: inout Observation) throws {
        let errors = try rows.rows.filter { try $0.boolean("is_error") }.count
        observation.measurements += [
            Measurement("open_addresses", rows.count - errors), Measurement("hba_errors", errors),
        ]
        for row in rows.rows {
            let isError = try row.boolean("is_error")
            observation.findings.append(
                Finding(
                    "pg_hba.conf line \(try row.text("line"))", isError ? .fail : .warn,
                    isError
                        ? Cause(.malformed, "The server cannot read it: a reload is ignored, a restart would fail.")
                        : Cause(.openAddress, "It lets \(try row.text("who")) in by `\(try row.text("method"))`."),
                    advice: isError ? "Repair the line, then reload." : "Use scram-sha-256 or a certificate."))
        }
    }
}

/// What a look at roles may be made of.
public enum RolePart: String, WordValue {
    case roles
    case `public`
    case passwords
    case addresses
}

extension Cause.Code {
    /// A right that goes too far.
    static let tooMuchPower = Cause.Code(rawValue: "too-much-power")
    static let weakPassword = Cause.Code(rawValue: "weak-password")
    static let openAddress = Cause.Code(rawValue: "open-address")
}
