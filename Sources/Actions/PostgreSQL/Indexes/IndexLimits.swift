extension PostgreSQLActionLimits {
    /// Between two looks at indexes that are not valid: a build may just have ended.
    public static let secondLook = Duration.seconds(1)
    /// Indexes of one step.
    public static let indexes = 5000
    /// Between two looks at a build in progress: it gives way before anybody has waited as long as `lockWait`.
    public static let buildWatch = Duration.milliseconds(40)
    /// Longest part of a step's time that is kept for clearing away what a build that did not end leaves behind.
    public static let clearing = Duration.seconds(60)
    /// Bytes of tables that are read at most to tell the bloat of indexes before a rebuild.
    public static let bloatRead = 512 << 20
    /// Looks, each `buildWatch` apart, for the end of a session whose statement was ended.
    public static let endingLooks = 50
}
