import Host

/// The bounds of this module, each with what it protects.
public enum ObjectStoreLimits {
    /// Objects that one listing reads; a listing that goes on says so.
    public static let listing = 200_000
    /// Unfinished uploads that one listing reads.
    public static let uploads = 10_000
    /// Bytes of an object's key: S3's own bound.
    public static let key = 1024
    /// Bytes of an object that is taken as a whole.
    public static let object = 16 << 20
    /// Bytes of a file that is sent in one request; a larger one goes in parts.
    public static let single = 8 << 20
    /// Bytes of a part, for files of up to ten thousand of them; parts of larger files are larger.
    public static let part = 8 << 20
    /// Parts of an upload: S3's own bound.
    public static let parts = 10_000
    /// Bytes of metadata with an object: S3's own bound.
    public static let metadata = 2048
    /// How far the store's clock may be from ours before ages cannot be trusted; S3 itself refuses at 15 minutes.
    public static let clockSkew: Duration = .seconds(300)

    /// Bytes of an answer in XML: a page of a thousand long keys in percent form is below 4 MB.
    static let document = 8 << 20
    /// Nesting of an answer in XML: S3's own go 5 deep.
    static let depth = 16
    /// Elements of an answer in XML: a page of a thousand objects has below 20 000.
    static let elements = 60_000
    /// Bytes of an answer that is an error.
    static let errorAnswer = 256 << 10
    /// Objects of one page.
    static let page = 1000
    /// Requests for one thing, the first included, while the store is busy.
    static let attempts = 5
    /// The first pause between them; each next one is twice as long.
    static let pause: Duration = .milliseconds(200)
    static let longestPause: Duration = .seconds(5)
    /// Time without a single byte of a body.
    static let silence: Duration = .seconds(30)
    /// Time for the unfinished upload of a failed one to be taken away.
    static let abort: Duration = .seconds(5)

    /// Time before their end at which credentials are renewed.
    static let renewal: Duration = .seconds(300)
    /// Time for one source of credentials to answer.
    static let credentials: Duration = .seconds(20)
    /// Time for the machine's metadata to answer: where there is none, nobody does.
    static let metadataService: Duration = .seconds(2)
    /// Bytes of a file with credentials or tokens.
    static let credentialFile = 1 << 20
    /// Bytes of an answer that holds credentials.
    static let credentialAnswer = 256 << 10
    /// Profiles that lead to one another by `source_profile`.
    static let profileChain = 5
}
