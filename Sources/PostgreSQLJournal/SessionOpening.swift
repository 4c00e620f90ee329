import ClientPostgreSQL
import Host
import Journal
import Maintenance
import Synchronization

/// What every connection of the journal goes through before it is used: settings on which durability and the form of
/// values depend, the version of the tables, and whether the store still has what it confirmed.
final class SessionOpening: Sendable {
    let identity: String
    let host: Host
    private let node: String
    private let heads = Mutex(ChainHeads())
    private let closed = Mutex(false)

    init(identity: String, node: String, host: Host) {
        self.identity = identity
        self.node = node
        self.host = host
    }

    func close() { closed.withLock { $0 = true } }

    /// Every question asks this first.
    func mustNotBeClosed() throws(JournalError) {
        if closed.withLock({ $0 }) { throw .closed }
    }

    /// Notes what the store has confirmed.
    func confirmed(_ batch: Batch) {
        let tips = batch.newTips
        if !tips.isEmpty { heads.withLock { $0.note(tips) } }
    }

    /// Connects where there is no connection, and makes sure of it.
    ///
    /// - Parameter isWriter: It always does the same, and its statements are planned once.
    func open(_ session: RecordSession, until deadline: Duration, isWriter: Bool = false) throws {
        guard try session.open(until: deadline) else { return }
        do {
            _ = try session.exchange([Self.settings] + (isWriter ? [Self.planOnce] : []), until: deadline)
            try JournalVersion(session, until: deadline).mustBeOurs(identity)
            try verifyHeads(session, until: deadline)
        } catch {
            session.hangUp()
            throw error
        }
    }

    /// A store that lost what it confirmed is held by a row in it, so that every node learns of it.
    func verifyHeads(_ session: RecordSession, until deadline: Duration) throws {
        let known = heads.withLock { $0.tips }
        guard !known.isEmpty else { return }
        let lost = try session.exchange([Self.lostHeads(known)], until: deadline)[0]
        guard let run = lost.values.first?.first ?? nil, let tip = known[run] else { return }
        let note = SQLStatement(
            "INSERT INTO millwright.fork SELECT $1, $2::bigint, $3, clock_timestamp() WHERE NOT EXISTS ("
                + "SELECT FROM millwright.fork WHERE run = $1 AND sequence = $2::bigint AND node = $3)",
            [SQLParameter(run), SQLParameter(tip.sequence), SQLParameter(node)])
        _ = try session.exchange([note], until: deadline)
        throw JournalError.forked(identity, "record \(tip.sequence) of run \(run) is gone or another")
    }

    private static func lostHeads(_ known: [String: ChainTip]) -> SQLStatement {
        let tips = known.sorted { $0.key < $1.key }
        return SQLStatement(
            """
            SELECT t.run FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS t(run, sequence, digest)
            WHERE NOT EXISTS (
                SELECT FROM millwright.record AS r
                WHERE r.run = t.run AND r.sequence = t.sequence AND r.digest = t.digest)
            AND NOT EXISTS (SELECT FROM millwright.checkpoint AS c WHERE c.run = t.run AND c.kind = 'pruned')
            LIMIT 1
            """,
            [
                .texts(tips.map(\.key)), .numbers(tips.map(\.value.sequence)), .digests(tips.map(\.value.digest)),
            ])
    }

    private static let planOnce = SQLStatement("SET plan_cache_mode = force_generic_plan")

    /// A commit counts once it is on disk there, and with a synchronous standby on its disk too, whatever the role's
    /// own setting is.
    private static let settings = SQLStatement(
        """
        SELECT set_config('timezone', 'UTC', false), set_config('datestyle', 'ISO, YMD', false), \
        set_config('bytea_output', 'hex', false), set_config('extra_float_digits', '1', false), \
        set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on' \
        ELSE current_setting('synchronous_commit') END, false)
        """)
}

/// The ends of the chains that this process wrote to, as the store confirmed them; the oldest are forgotten.
struct ChainHeads {
    private(set) var tips: [String: ChainTip] = [:]
    private var noted: [String: UInt64] = [:]
    private var count: UInt64 = 0

    mutating func note(_ new: [String: ChainTip]) {
        for (run, tip) in new {
            // Two lanes confirm in any order.
            guard tips[run].map({ $0.sequence < tip.sequence }) ?? true else { continue }
            tips[run] = tip
            count += 1
            noted[run] = count
        }
        guard tips.count > PostgreSQLJournalLimits.heads else { return }
        for (run, _) in noted.sorted(by: { $0.value < $1.value }).prefix(tips.count / 2) {
            tips[run] = nil
            noted[run] = nil
        }
    }
}
