/// The bounds of this module, each with what it protects.
enum SQLiteJournalLimits {
    /// Bytes up to which the whole file is checked at opening: a start stays quick.
    static let wholeCheck = 64 << 20
    /// Bytes that the write-ahead log keeps on disk when it is idle.
    static let idleLog = 16 << 20
    /// How often a lock that is held is tried again, and the pause in between: a process that was killed has it until
    /// its last thread is gone, a moment after others see it dead.
    static let lockAttempts = 25
    static let lockPause = Duration.milliseconds(20)
    /// Seconds that an opening or closing connection waits for another one.
    static let busySeconds = 5.0
    /// Runs or digests that one statement asks for.
    static let namesInQuestion = 200
    /// Problems of the file that one check lists.
    static let problems = 20
    /// Free pages below which giving them back is not worth the writing, and the share of all that must be free: one of
    /// so many.
    static let freePages = 256
    static let freeShare = 4
    /// Free bytes below which a failed write is taken for a full disk.
    static let tight: UInt64 = 1 << 20
}
