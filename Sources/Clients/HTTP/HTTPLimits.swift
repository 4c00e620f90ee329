import Host

/// The bounds of this module, each with what it protects.
public enum HTTPLimits {
    /// Bytes of an answer's body: an endless body must not fill the memory.
    public static let body = 1 << 20
    /// Characters of a URL, with path and query.
    public static let url = 8000
    /// Headers that a plan may add to each request.
    public static let headers = 64
    /// Time for a connection to be made, TLS included: a silent host is told apart from a slow answer, also by a step that
    /// may take 10 seconds. The third repetition of a lost packet, after 7 seconds, still counts.
    public static let connect: Duration = .seconds(8)
    /// Time that an idle connection is kept: shorter than servers keep theirs, so that none is used that just ended.
    public static let idle: Duration = .seconds(2)
    /// Time for the connections to close at the end of a run.
    public static let closing: Duration = .milliseconds(200)
    /// Time for the second look at a certificate that was refused.
    public static let diagnosis: Duration = .seconds(3)
    /// Characters of a redirect's target in a sentence.
    public static let location = 200
}
