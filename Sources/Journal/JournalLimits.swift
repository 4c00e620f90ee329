/// The bounds of this module, each with what it protects.
public enum JournalLimits {
    /// Runs that a listing shows where no limit is given.
    public static let rows = 100
    /// Largest listing, of runs or of points: what is read into memory stays bounded.
    public static let listing = 10_000
    /// Bytes of a record's body; what is larger belongs beside the chain as a `Body`.
    public static let recordBody = 16 << 20
    /// Bytes of a body beside the chain.
    public static let body = 64 << 20
    /// Batches that a store commits together, and bytes of what is in them up to which it does.
    public static let group = 64
    public static let groupBytes = 4 << 20
    /// Shortest wait between two looks whether a lease has become free.
    public static let leaseLook = Duration.milliseconds(50)
    /// Longest wait between two looks whether a lease must be renewed: a third of the shortest that there is.
    public static let renewalLook = Duration.seconds(1)
    /// Longest time in which nothing is heard of the store that nodes share before it is looked at again.
    public static let longestSilence = Duration.seconds(2)
    /// Shortest time between two changes that are told.
    static let quietAfterChange = Duration.milliseconds(5)
    /// How long the lease of the dispatcher lasts: so long nothing begins after its node has died.
    public static let dispatcherLease = Duration.milliseconds(3500)
    /// How long the lease of a run lasts: so long its node may be without the store before it stops what it does.
    public static let runLease = Duration.seconds(15)
    /// Characters that a run's id or its prefix may have.
    public static let runID = 128
}

extension JournalLimits {
    /// A listing's limit as a store uses it.
    public static func bounded(_ limit: Int) -> Int { max(0, min(limit, listing)) }
}

extension Batch {
    /// Refuses what is too large to be read back. Every store asks this.
    public func checkSizes() throws(JournalError) {
        for record in records where record.body.count > JournalLimits.recordBody {
            throw JournalError(
                .tooLarge,
                "Record \(record.sequence) of run \(record.run) was not stored: its body has \(record.body.count) bytes, "
                    + "and \(JournalLimits.recordBody) is the limit. Put large things beside the chain.",
                run: record.run)
        }
        for body in bodies where body.bytes.count > JournalLimits.body {
            throw JournalError(
                .tooLarge, "A body of \(body.bytes.count) bytes was not stored: \(JournalLimits.body) is the limit.")
        }
    }
}
