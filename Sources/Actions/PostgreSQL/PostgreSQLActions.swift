import ClientPostgreSQL
public import Maintenance

/// The actions of this domain and its kind of target.
public enum PostgreSQLActions {
    public static let all: [ActionDefinition] = [
        .check(Connectivity.self), .check(Connections.self), .check(DatabaseSize.self), .check(Query.self),
        .check(Figures.self),
        .change(Vacuum.self), .change(Archive.self), .change(InsertMissing.self),
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
}
