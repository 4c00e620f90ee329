import ClientPostgreSQL
import Maintenance

/// One look at both sides of replication.
struct ReplicationLook {
    let standbys: [SeenStandby]
    let slots: [SeenSlot]
    let own: OwnReplay

    /// Those that replay: what receives into files or subscribes to tables is no standby.
    var replaying: [SeenStandby] { standbys.filter(\.isReplaying) }

    static func take(_ access: PostgreSQLAccess) async throws -> ReplicationLook {
        let answers = try await access.look([SQLStatement(senders), SQLStatement(slots), SQLStatement(receiver)])
        return ReplicationLook(
            standbys: try answers[0].rows.map(SeenStandby.init), slots: try answers[1].rows.map(SeenSlot.init),
            own: try OwnReplay(answers[2].one()))
    }

    /// Without pg_read_all_stats the row is there and its columns are NULL.
    private static let senders = """
        SELECT r.application_name AS name, r.state, r.sync_state, s.slot_name, r.state IS NULL AS is_hidden,
          r.state IS NULL AND coalesce(s.slot_type, 'physical') = 'physical'
            OR r.replay_lsn IS NOT NULL AND coalesce(s.slot_type, 'physical') = 'physical' AS is_replaying,
          pg_wal_lsn_diff(w.at, coalesce(r.replay_lsn, greatest(r.flush_lsn, r.write_lsn))) AS behind,
          extract(epoch FROM CASE WHEN r.replay_lsn IS NULL THEN r.write_lag ELSE r.replay_lag END) AS lag,
          extract(epoch FROM clock_timestamp() - r.reply_time) AS silent
        FROM pg_catalog.pg_stat_replication r LEFT JOIN pg_catalog.pg_replication_slots s ON s.active_pid = r.pid
        CROSS JOIN (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END
          AS at) w
        WHERE r.state IS DISTINCT FROM 'backup' ORDER BY behind DESC NULLS FIRST LIMIT 1000
        """

    /// A slot that the server itself copied from a primary (17 and later) is used by nobody, and should not be.
    private static let slots = """
        SELECT s.slot_name AS name, s.slot_type AS type, s.active, s.wal_status, s.restart_lsn IS NOT NULL AS keeps,
          coalesce(greatest(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
            ELSE pg_current_wal_lsn() END, s.restart_lsn), 0), 0) AS kept,
          coalesce((to_jsonb(s) ->> 'synced')::boolean, false) AS is_synced,
          coalesce(to_jsonb(s) ->> 'invalidation_reason', CASE WHEN to_jsonb(s) ->> 'conflicting' = 'true'
            THEN 'a conflict with recovery' END) AS invalid
        FROM pg_catalog.pg_replication_slots s WHERE NOT s.temporary ORDER BY kept DESC, 1 LIMIT 1000
        """

    /// primary_conninfo, which may hold a password, never leaves the server.
    private static let receiver = """
        SELECT pg_is_in_recovery() AS standby, v.pid IS NOT NULL AS has_receiver, v.pid IS NOT NULL AND v.status IS NULL
          AS is_hidden, extract(epoch FROM clock_timestamp() - v.last_msg_receipt_time) AS silent,
          (SELECT setting <> '' FROM pg_catalog.pg_settings WHERE name = 'primary_conninfo') AS is_streaming_meant,
          CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END AS is_paused,
          CASE WHEN pg_is_in_recovery() THEN
            pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) END AS behind,
          CASE WHEN pg_is_in_recovery() THEN extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
            END AS since
        FROM (SELECT) one LEFT JOIN pg_catalog.pg_stat_wal_receiver v ON true
        """
}

/// A connection that takes this server's log.
struct SeenStandby {
    let isHidden: Bool
    let isReplaying: Bool
    let behind: Double?
    let silent: Double?
    private let said: Double?
    let detail: [String: JSONValue]

    init(_ row: Row) throws {
        isHidden = try row.boolean("is_hidden")
        isReplaying = try row.boolean("is_replaying")
        behind = try row.amount("behind")
        silent = try row.amount("silent")
        said = try row.optional("lag").flatMap(Double.init)
        func text(_ column: String) throws -> JSONValue { try row.optional(column).map { .text($0) } ?? .null }
        detail = [
            "kind": .text(isReplaying ? "standby" : "receiver"), "name": .text(try row.text("name")),
            "state": try text("state"), "sync_state": try text("sync_state"), "slot": try text("slot_name"),
            "behind": behind.map { .number($0) } ?? .null, "lag": said.map { .number($0) } ?? .null,
        ]
    }

    /// Where nothing is left to replay nothing is late, and the server shows no time.
    var lag: Double? { isHidden ? nil : behind == 0 ? 0 : said }
    var isUnsettled: Bool { !isHidden && lag == nil }
}

/// A replication slot that outlives its connection.
struct SeenSlot {
    let name: String
    let kept: Double
    let isUnused: Bool
    /// Why what it was for cannot go on.
    let lost: Cause?
    let detail: [String: JSONValue]

    init(_ row: Row) throws {
        name = try row.text("name")
        kept = try row.number("kept")
        let status = try row.optional("wal_status")
        let (isActive, isSynced) = (try row.boolean("active"), try row.boolean("is_synced"))
        isUnused = try !isActive && !isSynced && row.boolean("keeps")
        let invalid = try row.optional("invalid")
        switch status {
        case _ where invalid != nil: lost = Cause(.lostLog, "The server made it invalid: \(invalid ?? "").")
        case "lost": lost = Cause(.lostLog, "The log that it needs is gone.")
        case "unreserved": lost = Cause(.lostLog, "The log that it needs goes at the next checkpoint.")
        default: lost = nil
        }
        detail = [
            "kind": "slot", "name": .text(name), "type": .text(try row.text("type")), "active": .bool(isActive),
            "kept": .number(kept), "wal_status": status.map { .text($0) } ?? .null,
        ]
    }
}

/// What a standby says of itself; nothing on a primary.
struct OwnReplay {
    let isStandby: Bool
    let isHidden: Bool
    let silent: Double?
    let behind: Double?
    private let hasReceiver: Bool
    private let isPaused: Bool
    /// `nil` where the role may not see whether it should stream.
    private let isStreamingMeant: Bool?
    private let since: Double?

    init(_ row: Row) throws {
        isStandby = try row.boolean("standby")
        isHidden = try row.boolean("is_hidden")
        hasReceiver = try row.boolean("has_receiver")
        isPaused = try isStandby && row.boolean("is_paused")
        silent = try row.amount("silent")
        behind = try row.amount("behind")
        isStreamingMeant = try row.optional("is_streaming_meant").map { $0 == "t" }
        since = try row.optional("since").flatMap(Double.init)
    }

    /// With everything received replayed it is as late as its primary lets it be, as long as it receives.
    var lag: Double? { behind == 0 && hasReceiver ? 0 : since }

    var lagMissing: Cause? {
        guard isStandby else { return nil }
        if lag == nil { return Cause(.noData, "It has replayed no transaction yet, so how late it is, is not known.") }
        if !hasReceiver, isStreamingMeant == false {
            return Cause(.noData, "It reads from an archive alone, so how late it is, cannot be told from it.")
        }
        return nil
    }

    var details: [[String: JSONValue]] {
        guard isStandby else { return [] }
        return [
            [
                "kind": "this standby", "receives": .bool(hasReceiver), "paused": .bool(isPaused),
                "behind": behind.map { .number($0) } ?? .null,
                "last_transaction_seconds": since.map { .number($0) } ?? .null,
            ]
        ]
    }

    func judge(_ identity: String, _ observation: inout Observation) {
        if isPaused {
            observation.findings.append(
                Finding(
                    identity, .fail, Cause(.paused, "Replay is paused: it receives log and shows old data."),
                    advice: "Go on with pg_wal_replay_resume(), once it is known why it was paused."))
        }
        guard isStandby, !hasReceiver else { return }
        switch isStreamingMeant {
        case false?: break
        case true?:
            observation.findings.append(
                Finding(
                    identity, .fail, Cause(.notConnected, "It receives nothing: it is cut off from its primary."),
                    advice: "Look at its log, at primary_conninfo, and whether the primary still keeps what it needs."))
        case nil:
            observation.findings.append(
                Finding(
                    identity, .unknown,
                    Cause(
                        .noPermission, "It receives nothing, and whether it should is not shown to the looking role."),
                    advice: "Grant the looking role pg_read_all_settings."))
        }
    }
}

extension Row {
    /// Never below nothing, whose clock or log is a moment ahead; NULL, which SQL's `greatest` would make nothing, stays.
    fileprivate func amount(_ name: String) throws -> Double? {
        try optional(name).flatMap(Double.init).map { max(0, $0) }
    }
}

extension Cause.Code {
    static let paused = Cause.Code(rawValue: "paused")
    static let notConnected = Cause.Code(rawValue: "not-connected")
    /// Log that is needed is gone, or about to go.
    static let lostLog = Cause.Code(rawValue: "lost-log")
}
