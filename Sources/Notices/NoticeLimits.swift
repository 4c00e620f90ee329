/// The bounds of this module, each with what it protects.
public enum NoticeLimits {
    /// Bytes of a receiver's answer that are read.
    public static let answer = 64 << 10
    /// Characters of a receiver's answer that become its receipt.
    public static let receipt = 200
    /// Characters of a heading: Slack takes 150.
    public static let heading = 150
    /// Characters of one text: Slack takes 3000 in a section.
    public static let section = 2900
    /// Bytes of the shortest part of a secret URL that is masked by itself.
    public static let shortestSecretPart = 12
    /// Headers that an estate may add to each request.
    public static let headers = 32
    /// The longest that a receiver may ask to wait: more is no use to a run that must end.
    public static let retryAfter = Duration.seconds(3600)
}
