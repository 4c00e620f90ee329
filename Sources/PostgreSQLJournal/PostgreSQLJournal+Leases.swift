import ClientPostgreSQL
import Host
public import Journal
import Maintenance

/// Leases are rows whose time is the server's. Whoever asks is let go when its task is cancelled: what is not renewed
/// runs out by itself.
extension PostgreSQLJournal: Leases {
    public func acquire(
        _ name: String, place: String?, by node: String, for time: Duration
    ) async throws(JournalError) -> LeaseAnswer {
        let rows = try await ask(
            "SELECT granted, extract(epoch FROM expires_at - clock_timestamp()), \(Self.columns) "
                + "FROM millwright.acquire($1, $2, $3::double precision, $4) AS l",
            [SQLParameter(name), SQLParameter(node), SQLParameter("\(time.inSeconds)"), SQLParameter(place)])
        // The other node may have given it back between the two looks.
        guard let row = rows.first else { return try await acquire(name, place: place, by: node, for: time) }
        return try read {
            var cells = Cells(row)
            let isGranted = try cells.boolean()
            let left = try cells.number()
            let lease = try Lease(&cells)
            return isGranted ? .granted(lease) : .held(lease, left: .milliseconds(Int(max(0, left) * 1000)))
        }
    }

    public func renew(_ fences: [Fence], for time: Duration) async throws(JournalError) -> Set<Fence> {
        guard !fences.isEmpty else { return [] }
        // In one order, so that two nodes never wait for each other.
        let rows = try await ask(
            """
            UPDATE millwright.lease AS l SET expires_at = clock_timestamp() + make_interval(secs => $4::double precision)
            FROM (
                SELECT h.name FROM millwright.lease AS h
                JOIN unnest($1::text[], $2::text[], $3::bigint[]) AS w(name, node, token)
                ON (h.name, h.node, h.token) = (w.name, w.node, w.token)
                WHERE h.expires_at > clock_timestamp() ORDER BY h.name FOR NO KEY UPDATE OF h
            ) AS mine WHERE l.name = mine.name AND l.expires_at > clock_timestamp() RETURNING \(Self.columns)
            """, Self.parameters(fences) + [SQLParameter("\(time.inSeconds)")], isDurable: true)
        return try read { Set(try rows.map { try Lease($0).fence }).intersection(fences) }
    }

    public func release(_ fences: [Fence]) async throws(JournalError) {
        guard !fences.isEmpty else { return }
        _ = try await ask(
            """
            WITH gone AS (
                DELETE FROM millwright.lease AS l
                USING unnest($1::text[], $2::text[], $3::bigint[]) AS w(name, node, token)
                WHERE (l.name, l.node, l.token) = (w.name, w.node, w.token) RETURNING 1
            ) SELECT pg_notify('millwright', 'lease') FROM gone LIMIT 1
            """, Self.parameters(fences))
    }

    public func leave(_ fences: [Fence]) async throws(JournalError) {
        guard !fences.isEmpty else { return }
        _ = try await ask(
            """
            WITH left_over AS (
                UPDATE millwright.lease AS l SET expires_at = clock_timestamp()
                FROM unnest($1::text[], $2::text[], $3::bigint[]) AS w(name, node, token)
                WHERE (l.name, l.node, l.token) = (w.name, w.node, w.token) AND l.expires_at > clock_timestamp()
                RETURNING 1
            ) SELECT pg_notify('millwright', 'lease') FROM left_over LIMIT 1
            """, Self.parameters(fences))
    }

    public func leases() async throws(JournalError) -> [Lease] {
        let rows = try await ask(
            "SELECT \(Self.columns) FROM millwright.lease AS l WHERE expires_at > clock_timestamp() ORDER BY name", [])
        return try read { try rows.map { try Lease($0) } }
    }

    public func takeOver(
        at places: Set<String>, limit: Int, by node: String, for time: Duration
    ) async throws(JournalError) -> [Lease] {
        let rows = try await ask(
            """
            UPDATE millwright.lease AS l SET node = $1, token = nextval('millwright.token'),
            expires_at = clock_timestamp() + make_interval(secs => $2::double precision)
            FROM (
                SELECT name FROM millwright.lease WHERE expires_at <= clock_timestamp() AND place = ANY ($4)
                ORDER BY expires_at LIMIT $3::bigint FOR UPDATE SKIP LOCKED
            ) AS free WHERE l.name = free.name RETURNING \(Self.columns)
            """,
            [
                SQLParameter(node), SQLParameter("\(time.inSeconds)"), SQLParameter(max(0, limit)),
                .texts(places.sorted()),
            ])
        return try read { try rows.map { try Lease($0) } }
    }

    /// A notification may get lost with its connection: the wait is never longer than a poll.
    public func awaitChange(within time: Duration) async {
        let end = host.steady() + min(time, PostgreSQLJournalLimits.poll)
        let opening = opening
        do {
            _ = try await listening.tryTo { session in
                try opening.open(session, until: end)
                _ = try session.exchange([SQLStatement("LISTEN millwright")], until: end)
                return try session.awaitNotification(until: end)
            }
        } catch {
            // The server cannot be asked now: the time is waited for all the same.
            try? await host.sleep(max(.zero, end - host.steady()))
        }
    }

    private static let columns = "l.name, l.node, l.token, (extract(epoch FROM l.expires_at) * 1000000)::bigint"

    private static func parameters(_ fences: [Fence]) -> [SQLParameter] {
        [.texts(fences.map(\.name)), .texts(fences.map(\.node)), .numbers(fences.map(\.token))]
    }

    /// That a lease was taken need not be on the disk: what is appended under it before any effect brings it there as well,
    /// and where the server forgets it in a crash that append is refused. Its renewal must be: what goes on under it may
    /// append nothing for long.
    private static let withoutSync = SQLStatement(prepared: "SELECT set_config('synchronous_commit', 'off', true)")

    private func ask(
        _ sql: String, _ parameters: [SQLParameter], isDurable: Bool = false
    ) async throws(JournalError) -> [[String?]] {
        try opening.mustNotBeClosed()
        let opening = opening
        do {
            return try await leasing.tryTo { session in
                let deadline = opening.host.steady() + PostgreSQLJournalLimits.opening
                try opening.open(session, until: deadline, isWriter: true)
                let frame = isDurable ? [] : [Self.withoutSync]
                let answers = try session.exchange(
                    frame + [SQLStatement(prepared: sql, parameters)], until: deadline)
                return answers[frame.count].values
            }
        } catch {
            throw JournalError(error, identity)
        }
    }

    private func read<Value>(_ work: () throws -> Value) throws(JournalError) -> Value {
        do { return try work() } catch { throw JournalError(error, identity) }
    }
}

extension Lease {
    fileprivate init(_ row: [String?]) throws(DamagedRow) {
        var cells = Cells(row)
        try self.init(&cells)
    }

    fileprivate init(_ cells: inout Cells) throws(DamagedRow) {
        self.init(
            name: try cells.text(), node: try cells.text(), token: Int64(try cells.integer()),
            expiresAt: try cells.instant())
    }
}
