/// The bounds of this module, each with what it protects.
public enum EngineLimits {
    /// Units that must have been timed before their pace replaces the declared time.
    public static let paceSamples = 5
    /// Units whose pace is looked at.
    public static let paceHistory = 100
    /// Earlier measurements that an action is given.
    public static let history = 400
    /// What a call gets beyond its deadline to say itself that it came too late.
    public static let graceAfterDeadline = Duration.milliseconds(500)
    /// Between two looks at work that an earlier attempt left running.
    public static let waitWhileRunning = Duration.milliseconds(500)
}
