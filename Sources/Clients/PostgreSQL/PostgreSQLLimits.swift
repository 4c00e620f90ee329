/// The bounds of this module, each with what it protects.
public enum PostgreSQLLimits {
    /// Connections to one target, however many steps use it at once.
    public static let connections = 2
    /// Rows of one answer.
    public static let rows = 200_000
    /// Bytes of one answer's values.
    public static let answerBytes = 32 << 20
    /// Bytes of one answer's values where a program reads its own records: the largest of them, twice as long in text.
    public static let recordBytes = 256 << 20
    /// Bytes of a row that is not yet whole: a value of a gigabyte must not be gathered first and refused afterwards.
    public static let unfinishedRowBytes = 33 << 20
    /// Bytes that are still read of a statement that was cancelled before its connection is dropped.
    public static let drainedBytes = 8 << 20
    /// Bytes that the system keeps ready of an answer.
    public static let receiveBuffer = 256 << 10
    /// Columns of an answer.
    public static let columns = 1600
    /// Notices that are kept of one statement.
    public static let notices = 100
    /// Characters of a server's message that are passed on.
    public static let message = 300
    /// Longest time for ending a cancelled statement before its connection is dropped.
    public static let settling = Duration.seconds(3)
    /// Milliseconds after which an unanswered packet ends a connection; also bounds the request that cancels.
    public static let unansweredMilliseconds = 10_000
    /// How long after the deadline the caller is let go, whatever the connection does.
    public static let grace = Duration.milliseconds(250)
    /// Longest wait for a lock while looking, so that a locked table is reported as such.
    public static let lookLockWait = Duration.seconds(10)
    /// Longest wait of a change for a lock where it asks for no other.
    public static let changeLockWait = Duration.seconds(5)
    /// Bytes that are handed over at once in a COPY.
    public static let copyChunk = 64 << 10
}
