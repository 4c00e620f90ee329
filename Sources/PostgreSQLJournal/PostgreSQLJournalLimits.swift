/// The bounds of this module, each with what it protects.
enum PostgreSQLJournalLimits {
    /// Connections that append: while one waits for its commit, what comes gathers for the other.
    static let lanes = 2
    /// How long an append or a question is tried while the server cannot be reached.
    static let patience = Duration.seconds(60)
    /// Longest time for one exchange with the server.
    static let exchange = Duration.seconds(30)
    /// Longest time for opening: a wrong address is told soon.
    static let opening = Duration.seconds(10)
    /// Longest time for changing the tables.
    static let migration = Duration.seconds(600)
    /// Waits between two attempts to reach the server: from the first, doubled up to the second.
    static let firstPause = Duration.milliseconds(20)
    static let longestPause = Duration.seconds(1)
    /// Ends of chains that are remembered, to see after an outage whether the store has lost any.
    static let heads = 4096
    /// Bytes of a body that are read at once.
    static let bodyPart = 8 << 20
    /// Bytes up to which bodies are read many at a time.
    static let smallBody = 128 << 10
    /// Runs or digests that one statement asks for.
    static let namesInQuestion = 1000
    /// Records of one answer, and bytes of bodies after which it ends.
    static let recordsInAnswer = 500
    static let answerBytes = 64 << 20
    /// Waits for a notification before the leases are looked at again: a notification may get lost with its connection.
    static let poll = Duration.seconds(2)
}
