import Host

/// The bounds of this module, each with what it protects.
public enum KubernetesLimits {
    /// Objects that are asked for at once; a list of any length is read page by page.
    public static let pageSize = 500
    /// Bytes of a page; where one is larger, fewer objects are asked for.
    public static let pageBytes = 32 << 20
    /// Objects of one list.
    public static let objects = 200_000
    /// Bytes of any other answer.
    public static let answerBytes = 16 << 20
    /// Bytes of an error's body: a gateway's page says nothing more with a megabyte.
    public static let errorBytes = 64 << 10
    /// Bytes of an event of a watch; the API itself stores no object larger than 1.5 MiB.
    public static let eventBytes = 8 << 20
    /// Levels of a document; the schemas of custom resources are deep.
    public static let nesting = 200
    /// Values of one document: hostile ones take far more memory than bytes.
    public static let values = 3_000_000
    /// Bytes of a kubeconfig and of each file that it names.
    public static let fileBytes = 4 << 20
    /// Files in KUBECONFIG.
    public static let files = 64
    /// Characters of a name, selector or message that is shown or sent.
    public static let message = 400
    /// Requests that are sent again, for an answer that asks for patience, before the answer counts.
    public static let patience = 20
    /// Time to wait where the server asks for patience and does not say how long.
    public static let pause: Duration = .seconds(1)
    /// Time for which a token that was read from a file is used: kubelets replace it long before it ends.
    public static let tokenAge: Duration = .seconds(60)
    /// Time before its end at which a credential is no longer used.
    public static let expiryMargin: Duration = .seconds(5)
    /// Time for a sign-in program, where the step's deadline gives more.
    public static let signIn: Duration = .seconds(60)
    /// Silence after which a watch is begun anew; an API that sends bookmarks is never silent for so long.
    public static let silence: Duration = .seconds(75)
    /// Silent connections in a row after which a watch looks for itself, with a list.
    public static let silentWatches = 2
    /// Shortest and longest time that a watch asks for; the server then ends it in good order.
    public static let watchSeconds: ClosedRange<UInt64> = 300...600
    /// First and longest pause before a watch is begun again after a failure.
    public static let firstPause: Duration = .milliseconds(200)
    public static let longestPause: Duration = .seconds(10)
    /// Connections in a row that bring nothing but what cannot be read, before a watch gives up.
    public static let unreadableWatches = 5
}

/// The bounds of what is read at once; a test that reaches them has smaller ones.
struct ReadingBounds: Sendable {
    var pageSize = KubernetesLimits.pageSize
    var pageBytes = KubernetesLimits.pageBytes
    var eventBytes = KubernetesLimits.eventBytes
}
