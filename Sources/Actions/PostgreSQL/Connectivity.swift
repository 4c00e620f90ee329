public import ClientPostgreSQL
import Host
public import Maintenance

/// Is the database there, and how fast does it answer? Its not answering is the finding.
public struct Connectivity: Check {
    public typealias Kind = PostgreSQLKind

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.connectivity",
        summary: "Signs in and asks for an answer: version, primary or standby, round trip.",
        measurements: [
            MeasurementDeclaration("latency", .milliseconds, "Time of one round trip on an open connection."),
            MeasurementDeclaration("replication_lag", .seconds, "How far a standby is behind; 0 on a primary."),
        ],
        thresholds: Thresholds(warn: "latency >= 1s"), timeout: .seconds(10),
        applies: "Every PostgreSQL from 10 on: plain, RDS, Aurora, behind PgBouncer or another pooler.",
        looksByItself: true)

    public static let parameters: [Parameter<Connectivity>] = []

    public var rights: [Right] { [.connect(.look)] }

    public func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        do {
            return try await look(access, context)
        } catch let error as CouldNotLook where Self.isUnavailability(error.cause.code) {
            return Observation(
                summary: "The database does not answer.",
                missing: ["latency": error.cause, "replication_lag": error.cause],
                findings: [
                    Finding(
                        access.identity, .fail, error.cause,
                        advice: "Look at the server's log and the network between; then at the target's URL.")
                ])
        }
    }

    private func look(_ access: PostgreSQLAccess, _ context: Context) async throws -> Observation {
        let server = try await access.server()
        let begun = context.host.steady()
        let row = try await access.query(Self.statement).one()
        let latency = context.host.steady() - begun
        let isStandby = try row.boolean("standby")
        var observation = Observation(
            summary: "PostgreSQL \(server.versionText), a \(isStandby ? "standby" : "primary"), answers in "
                + "\((latency.inSeconds * 10_000).rounded() / 10) ms",
            measurements: [Measurement("latency", latency.inSeconds * 1000, .milliseconds)],
            details: [
                [
                    "version": .text(server.versionText), "flavour": .text(server.flavour.rawValue),
                    "pooler": .bool(server.isPooled), "standby": .bool(isStandby),
                    "role": .text(try row.text("role")), "started": .text(try row.instant("started").description),
                ]
            ])
        if let lag = try row.optional("lag").flatMap({ Double($0) }) {
            observation.measurements.append(Measurement("replication_lag", lag, .seconds))
        } else {
            observation.missing["replication_lag"] = Cause(
                .noData, "The standby has replayed no transaction yet, so how far it is behind is not known.")
        }
        return observation
    }

    /// A standby that has replayed everything it received is not behind, however long ago the last transaction was, as
    /// long as it still receives: one that is cut off from its primary has nothing left to replay either.
    private static let statement = """
        SELECT pg_is_in_recovery() AS standby, current_user::text AS role, pg_postmaster_start_time() AS started, \
        CASE WHEN NOT pg_is_in_recovery() THEN 0 \
        WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() \
        AND EXISTS (SELECT 1 FROM pg_catalog.pg_stat_wal_receiver) THEN 0 \
        ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END AS lag
        """

    private static func isUnavailability(_ code: Cause.Code) -> Bool {
        [
            .refused, .unreachable, .timedOut, .connectionLost, .signInFailed, .busy, .notFound, .malformed,
            .encryptionFailed,
        ].contains(code)
    }
}
