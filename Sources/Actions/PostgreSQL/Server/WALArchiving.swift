public import ClientPostgreSQL
import Host
public import Maintenance

/// Whether the write-ahead log gets into the archive, and how much of it waits.
public struct WALArchiving: Check {
    public typealias Kind = PostgreSQLKind

    var required = true

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.wal-archiving",
        summary: "Looks whether the write-ahead log is archived, what waits to be, and for how long.",
        measurements: [
            MeasurementDeclaration("waiting", "Segments that wait to be archived."),
            MeasurementDeclaration(
                "oldest_waiting", .seconds, "How long the oldest of them has waited; 0 without any."),
            MeasurementDeclaration(
                "segments_behind", "Segments between the last archived and the one being written; every role sees it."),
            MeasurementDeclaration("failed_count", "Failed attempts since the archiver's counters were reset."),
        ],
        thresholds: Thresholds(
            warn: "oldest_waiting >= 5min or waiting >= 64", fail: "oldest_waiting >= 1h or waiting >= 256"),
        timeout: .seconds(15),
        applies: "Every PostgreSQL from 12 on; tested with 15. A standby archives nothing unless archive_mode is "
            + "`always`: look at its primary. Not Aurora, which keeps its log elsewhere.")

    public static let parameters: [Parameter<WALArchiving>] = [
        .optional(
            "required", \.required, default: true,
            "Whether it is a failure that archiving is off. Where it may be off, `false`.")
    ]

    public var rights: [Right] {
        [.connect(.look), .postgresql(.look, "GRANT pg_monitor TO {role};", "to list the segments that wait")]
    }

    public func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        guard try await access.server().flavour != .aurora else {
            throw CouldNotLook(.notSupported, "\(access.identity) is Aurora, which archives no segments.")
        }
        let row = try await access.query(Self.archiver).one()
        let mode = try row.text("mode")
        guard mode != "off" else { return off(access.identity) }
        guard try !row.boolean("standby") || mode == "always" else {
            throw CouldNotLook(
                .notSupported,
                "\(access.identity) is a standby with archive_mode = on, which archives nothing: look at its primary.")
        }
        var observation = Observation(
            summary: "", measurements: [Measurement("failed_count", try row.integer("failed_count"))])
        if let behind = try row.optional("segments_behind").flatMap(Double.init) {
            observation.measurements.append(Measurement("segments_behind", max(0, behind)))
        } else {
            observation.missing["segments_behind"] = Cause(
                .noData, "Nothing was archived since the counters were reset, or this is a standby.")
        }
        try await measureWaiting(row, access, &observation)
        try judge(row, &observation)
        let last = try row.optional("archived_seconds").flatMap(Double.init)
        let text = last.map { "the last segment was archived \(Duration.seconds(Int64($0)).shortText) ago" }
        let waits = observation.measurements.first { $0.name == "waiting" }.map { "\(Int($0.value)) wait" }
        observation.summary = [text ?? "no segment was archived yet", waits].compactMap { $0 }.joined(separator: ", ")
        observation.details = [
            [
                "mode": .text(mode), "library": .text(try row.optional("library") ?? ""),
                "last_archived": try row.optional("last_archived_wal").map { .text($0) } ?? .null,
                "last_failed": try row.optional("last_failed_wal").map { .text($0) } ?? .null,
                "counters_since": try row.optional("stats_reset").map { .text($0) } ?? .null,
            ]
        ]
        return observation
    }

    private func off(_ identity: String) -> Observation {
        let cause = Cause(.notArchived, "archive_mode is off, so no write-ahead log is archived.")
        let finding = Finding(
            identity, .fail, cause,
            advice: "Set archive_mode and archive_command (it takes a restart), or give the step `required: false`.")
        return Observation(
            summary: cause.sentence,
            // With archiving off the server keeps no list of what waits: there is none.
            measurements: [Measurement("waiting", 0), Measurement("oldest_waiting", 0, .seconds)],
            missing: ["segments_behind": cause, "failed_count": cause], findings: required ? [finding] : [])
    }

    private func measureWaiting(
        _ row: Row, _ access: PostgreSQLAccess, _ observation: inout Observation
    ) async throws {
        guard try row.boolean("may_list") else {
            let cause = Cause(
                .noPermission, "The list of segments that wait is not shown to the looking role: it lacks pg_monitor.")
            observation.missing["waiting"] = cause
            observation.missing["oldest_waiting"] = cause
            return
        }
        let backlog = try await access.query(Self.backlog).one()
        observation.measurements += [
            Measurement("waiting", try backlog.integer("waiting")),
            Measurement("oldest_waiting", try backlog.number("oldest_seconds"), .seconds),
        ]
    }

    private func judge(_ row: Row, _ observation: inout Observation) throws {
        if try row.boolean("is_unset") {
            observation.findings.append(
                Finding(
                    "archive_command", .fail,
                    Cause(.notArchived, "archive_mode is on, and neither a command nor a library does it."),
                    advice: "Set archive_command; until then every segment stays on the server's disk."))
        }
        if try row.boolean("keeps_nothing") {
            observation.findings.append(
                Finding(
                    "archive_command", .fail,
                    Cause(
                        .notArchived,
                        "The command keeps nothing and says that all is well: segments count as archived and are gone."),
                    advice: "Set a command that copies the segment, and make a new base backup."))
        }
        if try row.boolean("is_failing") {
            let since = try row.optional("archived_seconds").flatMap(Double.init).map {
                ", the last success was \(Duration.seconds(Int64($0)).shortText) ago"
            }
            observation.findings.append(
                Finding(
                    "archiver", .fail,
                    Cause(.notArchived, "The last attempt failed\(since ?? ", and none has succeeded yet")."),
                    advice: "The server's log has what the command said; look whether the archive is full or away."))
        }
    }

    /// The command itself may hold a secret: only what can be said of it leaves the server.
    private static let archiver = #"""
        SELECT current_setting('archive_mode') AS mode, coalesce(current_setting('archive_library', true), '') AS library,
          a.last_archived_wal, a.failed_count, a.last_failed_wal, a.stats_reset, pg_is_in_recovery() AS standby,
          ceil(extract(epoch FROM clock_timestamp() - a.last_archived_time)::numeric) AS archived_seconds,
          coalesce(a.last_failed_time > coalesce(a.last_archived_time, '-infinity'), false) AS is_failing,
          s.command ~ '^\s*$' AND coalesce(current_setting('archive_library', true), '') = '' AS is_unset,
          s.command ~ '^\s*(/usr)?(/bin/)?(true|:|exit 0|echo\M[^>|&;]*|cd \.)\s*(%[pf]\s*)*$'
            AND coalesce(current_setting('archive_library', true), '') = '' AS keeps_nothing,
          CASE WHEN NOT pg_is_in_recovery() AND a.last_archived_wal ~ '^[0-9A-F]{24}' THEN
            div(pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0'), w.size)::bigint
            - (('x' || substr(a.last_archived_wal, 9, 8))::bit(32)::bigint * (4294967296 / w.size)
              + ('x' || substr(a.last_archived_wal, 17, 8))::bit(32)::bigint) - 1 END AS segments_behind,
          has_function_privilege('pg_catalog.pg_ls_archive_statusdir()', 'EXECUTE') AS may_list
        FROM pg_catalog.pg_stat_archiver a
        CROSS JOIN (SELECT setting AS command FROM pg_catalog.pg_settings WHERE name = 'archive_command') s
        CROSS JOIN (SELECT pg_size_bytes(current_setting('wal_segment_size')) AS size) w
        """#

    private static let backlog = """
        SELECT count(*) AS waiting,
          coalesce(round(extract(epoch FROM clock_timestamp() - min(modification))::numeric, 1), 0) AS oldest_seconds
        FROM pg_catalog.pg_ls_archive_statusdir() WHERE name LIKE '%.ready'
        """
}

extension WALArchiving: ProposingAction {
    /// Only where something is archived.
    public func proposals(_ access: PostgreSQLAccess, in context: Context) async throws -> [Proposal] {
        let row = try await access.query("SELECT current_setting('archive_mode') AS mode").one()
        guard try row.text("mode") != "off" else { return [] }
        return [Proposal(thresholds: thresholds, notes: [try await observe(access, in: context).summary])]
    }
}

extension Cause.Code {
    /// The write-ahead log does not get into an archive.
    static let notArchived = Cause.Code(rawValue: "not-archived")
}
