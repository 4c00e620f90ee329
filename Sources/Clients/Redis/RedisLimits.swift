/// The bounds of the Redis client, each with what it protects.
public enum RedisLimits {
    /// Bytes of one reply: a hostile or mistaken server cannot fill our memory.
    public static let replyBytes = 16 * 1024 * 1024
    /// Bytes of a line of the protocol: a type, a number, an error message.
    public static let lineBytes = 64 * 1024
    /// Elements of one reply, over all its levels.
    public static let replyElements = 500_000
    /// Depth of a reply's lists.
    public static let nesting = 8
    /// Commands that are written at once; more go in several batches.
    public static let commandsPerBatch = 1000
    /// Connections that work on one target: one that looks, one that changes. Beside each there may be one that measures.
    public static let connectionsPerTarget = 2
    /// Primaries of a cluster, each with its own connections.
    public static let primaries = 500
    /// Seconds for connecting and signing in, when the deadline gives more.
    public static let connectSeconds = 10
    /// Bytes of a certificate authority's file.
    public static let authorityFileBytes = 4 * 1024 * 1024
    /// Bytes of an answer that the evidence's digest covers; a longer answer's length is noted instead of its rest.
    public static let evidenceBytes = 1024 * 1024
    /// Characters of one word of a command in the evidence.
    public static let evidenceWord = 120
    /// Words of a command in the evidence.
    public static let evidenceWords = 8
}
