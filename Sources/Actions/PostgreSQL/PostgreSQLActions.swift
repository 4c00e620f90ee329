import ClientPostgreSQL
public import Maintenance

/// The actions of this domain and its kind of target.
public enum PostgreSQLActions {
    public static let all: [ActionDefinition] = [
        .check(Connectivity.self), .check(Connections.self), .check(DatabaseSize.self), .check(Query.self),
        .check(Figures.self),
        .check(Sequences.self), .check(Replication.self), .check(WALArchiving.self),
        .check(Integrity.self), .check(Roles.self), .check(SettingsDrift.self),
        .change(SetSettings.self), .change(UpdateExtension.self),
        .check(IndexAdvice.self), .check(MissingIndexes.self), .change(Reindex.self),
        .change(CreateIndex.self), .change(DropIndex.self),
        .check(Bloat.self), .change(VacuumFull.self),
        .change(Vacuum.self), .change(Archive.self), .change(InsertMissing.self),
        .check(Activity.self), .check(IdleInTransaction.self), .check(SlowStatements.self),
        .check(Wraparound.self), .check(StatisticsAge.self), .check(Autovacuum.self), .change(Terminate.self),
        .check(Partitions.self), .change(CreatePartitions.self), .change(DropPartitions.self),
        .change(DeleteOrphans.self), .change(RunPartman.self),
    ]

    public static let kinds: [TargetKindDefinition] = [TargetKindDefinition(PostgreSQLKind.self)]
}

/// The bounds of this module, each with what it protects.
public enum PostgreSQLActionLimits {
    /// Tables of one vacuum step.
    public static let tables = 2000
    /// Batches of one archive step; what is over is left to the next run.
    public static let batches = 5000
    /// Rows of one archive batch.
    public static let batchRows = 200_000
    /// Keys of one unit of rows to insert: a plan's limit is kept by whole units.
    public static let keysPerUnit = 100
    /// Keys of one step of rows to insert.
    public static let keys = 100_000
    /// Partitions that one step makes ahead, or drops.
    public static let partitionsAhead = 1000
    /// Rows that are counted in a DEFAULT partition.
    public static let defaultRows = 100_000
    /// Rows without a parent that are taken away in one transaction: their keys are journalled.
    public static let orphans = 10_000
    /// Rows of a query that are shown.
    public static let details = 1000
    /// Report queries of one step.
    public static let figures = 40
    /// Rows of a figure that a report shows: a year's days, and a little.
    public static let figureRows = 400
    /// Columns of a figure: what is wider no page shows.
    public static let figureColumns = 24
    /// Characters of a text in a figure.
    public static let figureText = 200
    /// Days of a figure's period.
    public static let figureDays = 366
    /// Longest wait in a queue for a lock, so that nobody who comes after waits noticeably longer.
    public static let lockWait = 100
    /// Pause between two tries for a lock.
    public static let lockPause = Duration.milliseconds(400)
    /// Keys of older archived rows between a unit's that are remembered, so that taking it back spares them.
    public static let spared = 1000
    /// Youngest earlier measurement from which growth a day is worked out.
    public static let growthSpan = Duration.seconds(3600)
    /// Pause before a standby that is behind is asked once more since when.
    public static let replicationPause = Duration.milliseconds(300)
    /// How long the most standbys that were ever seen are expected to be there.
    public static let standbysRemembered = Duration.seconds(7 * 86_400)
    /// Bytes of a pattern of users, applications or statements.
    static let sessionPattern = 200
    /// Sessions that one list shows.
    static let sessionsShown = 100
    /// Waiting sessions whose blockers are asked for: each question holds up the server's lock table.
    static let waitersShown = 200
    /// Characters of a statement that are read, and of its words without data that are shown.
    static let statementRead = 400
    static let statementShown = 160
    /// Holders of old rows that are listed.
    static let holdersShown = 20
    /// Transactions from which on a holder of old rows matters at all: an idle server begins a few an hour.
    static let holderMatters = 1000
    /// Sessions that one step ends.
    static let plannedSessions = 1000
    /// How long a session that was told to end may take: it rolls back what it has done.
    static let sessionEnd = Duration.seconds(10)
}
