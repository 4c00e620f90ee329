import ClientPostgreSQL
import Host
import Maintenance

/// Reads rows of tables within a budget of blocks and time. Each statement is a transaction of its own, so that nothing
/// stays locked, and is ended as soon as somebody waits for the table because of it.
final class BloatReader {
    private let access: PostgreSQLAccess
    private let context: Context
    private let until: Duration
    private(set) var blocksLeft: Int
    /// The oid of the table that is being read.
    var table = 0
    /// Why the server does not answer any more.
    private(set) var lost: CouldNotLook?
    /// The schema of pgstattuple, where this role may call it.
    let extensionSchema: String?

    init(_ access: PostgreSQLAccess, in context: Context, blocks: Int, extensionSchema: String?) {
        self.access = access
        self.context = context
        self.extensionSchema = extensionSchema
        blocksLeft = blocks
        // What is left is for the answer: a look that ends at its deadline says nothing at all.
        until = context.host.steady() + context.remaining * 4 / 5
    }

    /// True where the budget has room for so many blocks; they are taken from it.
    func takes(_ blocks: Int) -> Bool {
        guard blocks <= blocksLeft, context.host.steady() < until else { return false }
        blocksLeft -= blocks
        return true
    }

    /// What the budget's end says of whatever is not read.
    func exhausted(_ why: String) -> CouldNotLook {
        CouldNotLook(.limitReached, "the bytes or the time for reading are used up; \(why)")
    }

    func rows(_ sql: String, throughIndex: Bool = false) async throws(CouldNotLook) -> [[String?]] {
        let left = until - context.host.steady()
        guard left > .zero else { throw exhausted("it would have to be read") }
        let limit = max(1, min(BloatLimits.reading, Int(left.inSeconds * 1000)))
        let settings = SQLStatement(
            """
            SELECT set_config('search_path', 'pg_catalog', true), set_config('jit', 'off', true), \
            set_config('lock_timeout', '\(PostgreSQLActionLimits.lockWait)', true), \
            set_config('statement_timeout', '\(limit)', true), set_config('enable_bitmapscan', 'off', true), \
            set_config('max_parallel_workers_per_gather', '0', true), \
            set_config('enable_seqscan', '\(throughIndex ? "off" : "on")', true)
            """)
        do {
            return try await givingWay([settings, SQLStatement(sql)])[1].values
        } catch {
            let cause = Cause(error)
            if [.connectionLost, .refused, .unreachable, .signInFailed, .cancelled].contains(cause.code) {
                lost = CouldNotLook(cause)
            }
            throw CouldNotLook(cause)
        }
    }

    /// Only who wants the table exclusively waits for a read, and then all others wait behind that one.
    private func givingWay(_ statements: [SQLStatement]) async throws -> [Rows] {
        let (access, context) = (access, context)
        let waiting = SQLStatement(
            """
            SELECT FROM pg_catalog.pg_locks WHERE locktype = 'relation' AND relation = $1::oid AND NOT granted \
            AND mode = 'AccessExclusiveLock' \
            AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
            """, [SQLParameter(table)])
        return try await withThrowingTaskGroup(of: [Rows]?.self) { group in
            group.addTask { try await access.look(statements) }
            group.addTask {
                repeat {
                    try await context.host.sleep(BloatLimits.watching)
                } while (try? await access.watch(waiting))?.isEmpty != false
                return nil
            }
            defer { group.cancelAll() }
            guard let answers = try await group.next() ?? nil else {
                throw CouldNotLook(.busy, "another session awaits its table exclusively, so that reading was ended")
            }
            return answers
        }
    }

    func number(_ sql: String, throughIndex: Bool = false) async throws(CouldNotLook) -> Double {
        guard let text = try await rows(sql, throughIndex: throughIndex).first?.first,
            let number = Double(text ?? "")
        else {
            throw CouldNotLook(.malformed, "PostgreSQL counted nothing")
        }
        return number
    }

    /// A condition that reads these blocks and no other: a scan by row addresses, in every version.
    static func blocks(_ numbers: [Int]) -> String {
        let list = numbers.map(String.init).joined(separator: ",")
        return
            "ctid = ANY(ARRAY(SELECT format('(%s,%s)', b, i)::tid FROM unnest('{\(list)}'::bigint[]) b, "
            + "generate_series(1, \(PageLayout.rowsPerPage)) i))"
    }

    /// So many of a table's blocks, evenly spaced.
    static func spaced(_ count: Int, of blocks: Int) -> [Int] {
        (0..<count).map { Int((Double($0) + 0.5) * Double(blocks) / Double(count)) }
    }
}
