/// The bounds of reading logs, each with what it protects.
public enum LogLimits {
    /// Bytes of one line that are held at once.
    public static let line = 256 * 1024
    /// Bytes of one container's log: kubelets keep 10 MiB in a readable file, some are set to more.
    public static let bytes = 4 << 30
    /// Bytes of the longest time before a line: nine figures of a fraction and an offset are 35.
    static let timeBytes = 40
    /// Bytes that are asked for to see a log's first time.
    static let firstTime = 64
    /// Times that a log which goes on is asked for its rest: one that is written faster than it is read has no end.
    static let rounds = 8
    /// Bytes at each end of a piece by which it is known again.
    static let marked = 128
    /// Different lines of one nanosecond that are told from each other.
    static let sameTime = 4096
    /// Silence in the midst of a log after which the connection counts as lost.
    static let silence: Duration = .seconds(60)
    /// How far lines of the two streams may stand out of order in a file: one later than this ends a period.
    static let disorder: Int64 = 60
    /// A first line that comes this soon after the container's start is the container's first: for it to be only the
    /// newest file's first, 10 MiB would have been written and rotated before, more than a mebibyte a second.
    static let firstLineAfterStart: Duration = .seconds(10)
}
