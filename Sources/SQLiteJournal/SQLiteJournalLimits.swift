/// The bounds of this module, each with what it protects.
enum SQLiteJournalLimits {
    /// Bytes up to which the whole file is checked at opening: a start stays quick.
    static let wholeCheck = 64 << 20
    /// Bytes that the write-ahead log keeps on disk when it is idle.
    static let idleLog = 16 << 20
    /// Seconds that an opening or closing connection waits for another one.
    static let busySeconds = 5.0
    /// Runs or digests that one statement asks for.
    static let namesInQuestion = 200
    /// Free bytes below which a failed write is taken for a full disk.
    static let tight: UInt64 = 1 << 20
}
