import ClientPostgreSQL
public import Host
public import Journal
public import Maintenance

/// The journal in a PostgreSQL database that several nodes share.
///
/// A batch is one transaction in one round trip, on the server's disk before `append` returns; batches that wait while
/// another is committed are committed together. A connection that is lost on the way leaves open whether its batch was
/// stored: it is looked for, and sent again only where it is not there. With synchronous replication nothing that was
/// confirmed can be lost; without it a standby that takes over may lag, which is detected, and then everything is held.
public final class PostgreSQLJournal: JournalStore {
    let host: Host
    let opening: SessionOpening
    let leasing: RecordConnection
    let listening: RecordConnection
    private let writer: Writer
    private let reader: Reader

    /// Opens the journal for writing; makes its tables where there are none, and brings older ones up to date.
    ///
    /// - Parameters:
    ///   - address: A URL or keyword string of libpq.
    ///   - node: Of this process alone, as its leases show it.
    public static func writer(
        at address: String, node: String, host: Host, patience: Duration? = nil
    ) async throws(JournalError) -> PostgreSQLJournal {
        let journal = try PostgreSQLJournal(address, node, host, patience)
        let identity = journal.opening.identity
        try await journal.open { session in
            _ = try session.open(until: host.steady() + PostgreSQLJournalLimits.opening)
            try session.migrate(identity, until: host.steady() + PostgreSQLJournalLimits.migration)
            // What follows goes through the same door as every other connection.
            session.hangUp()
        }
        return journal
    }

    /// Opens the journal for reading; nothing in it is made or altered.
    public static func reader(at address: String, host: Host) async throws(JournalError) -> PostgreSQLJournal {
        let journal = try PostgreSQLJournal(address, "reader", host, nil)
        try await journal.open { _ in }
        return journal
    }

    private init(_ text: String, _ node: String, _ host: Host, _ patience: Duration?) throws(JournalError) {
        let address: RecordAddress
        do throws(ValueError) { address = try RecordAddress(text) } catch {
            throw JournalError(.unreadable, "`--store` cannot be used: \(error).")
        }
        self.host = host
        opening = SessionOpening(identity: address.identity, node: node, host: host)
        let patience = patience ?? PostgreSQLJournalLimits.patience
        do {
            writer = try Writer(address, opening, patience: patience)
            reader = try Reader(address, opening, patience: patience)
            leasing = try RecordConnection(to: address, on: host)
            listening = try RecordConnection(to: address, on: host)
        } catch {
            throw JournalError(error, address.identity)
        }
    }

    /// Does what a first connection is for, and looks whether the journal can be used: once, for a wrong address is not
    /// mended by waiting.
    private func open(_ first: @escaping @Sendable (RecordSession) throws -> Void) async throws(JournalError) {
        let opening = opening
        let result: Result<Void, JournalError> = await leasing.perform { session in
            Result {
                try first(session)
                try opening.open(
                    session, until: opening.host.steady() + PostgreSQLJournalLimits.opening, isWriter: true)
            }.mapError { JournalError($0, opening.identity) }
        }
        do throws(JournalError) { try result.get() } catch {
            await close()
            throw error
        }
    }

    /// Host, port, database and role.
    public var identity: String { opening.identity }

    public func append(_ batch: Batch) async throws(JournalError) {
        for answer in await writer.append([batch]) { try answer.get() }
    }

    public func append(each batches: [Batch]) async -> [Result<Void, JournalError>] { await writer.append(batches) }

    public func prune(_ part: PrunedPart, _ checkpoints: [Checkpoint]) async throws(JournalError) {
        guard !checkpoints.isEmpty else { return }
        let batch = Batch(checkpoints: checkpoints)
        let removal = SQLStatement(
            "SELECT millwright.prune($1, $2)",
            [.texts(checkpoints.map(\.run)), SQLParameter(part == .records ? "t" : "f")])
        for answer in await writer.append([batch], and: [removal]) { try answer.get() }
    }

    public func records(of run: String) async throws(JournalError) -> [Record] {
        try await reader.ask { try $0.records(of: run) }
    }

    public func records(of run: String, fromLast kind: String) async throws(JournalError) -> [Record] {
        try await reader.ask { try $0.records(of: run, fromLast: kind) }
    }

    public func records(ofEach runs: [String]) async throws(JournalError) -> [String: [Record]] {
        try await reader.ask { try $0.records(ofEach: runs) }
    }

    public func bodies(_ digests: [String]) async throws(JournalError) -> [String: [UInt8]] {
        try await reader.ask { try $0.bodies(digests) }
    }

    public func body(_ digest: String) async throws(JournalError) -> [UInt8]? {
        try await reader.ask { try $0.body(digest) }
    }

    public func row(_ run: String) async throws(JournalError) -> RunRow? { try await reader.ask { try $0.row(run) } }

    public func row(of occurrence: Occurrence) async throws(JournalError) -> RunRow? {
        try await reader.ask { try $0.row(of: occurrence) }
    }

    public func rows(_ filter: RunFilter) async throws(JournalError) -> [RunRow] {
        try await reader.ask { try $0.rows(filter) }
    }

    public func missed(_ filter: MissedFilter) async throws(JournalError) -> [MissedRow] {
        try await reader.ask { try $0.missed(filter) }
    }

    public func points(key: String, name: String, limit: Int) async throws(JournalError) -> [PastMeasurement] {
        try await reader.ask { try $0.points(key: key, name: name, limit: limit) }
    }

    public func series() async throws(JournalError) -> [PointSeries] { try await reader.ask { try $0.series() } }

    public func checkpoints(_ filter: CheckpointFilter) async throws(JournalError) -> [Checkpoint] {
        try await reader.ask { try $0.checkpoints(filter) }
    }

    public func rowsWithoutCheckpoint(limit: Int) async throws(JournalError) -> [RunRow] {
        try await reader.ask { try $0.rowsWithoutCheckpoint(limit: limit) }
    }

    public func prunable(_ filter: PruningFilter) async throws(JournalError) -> [RunRow] {
        try await reader.ask { try $0.prunable(filter) }
    }

    /// What was handed over before is stored first.
    public func close() async {
        opening.close()
        await writer.close()
        await reader.close()
        for connection in [leasing, listening] { await connection.perform { $0.hangUp() } }
    }
}
