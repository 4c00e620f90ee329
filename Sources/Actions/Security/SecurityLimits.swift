/// The bounds of this module, each with what it protects.
public enum SecurityLimits {
    /// Bytes of a report: the whole of it is in memory while it is read.
    public static let report = 64 << 20
    /// Values of a report that are kept; descriptions and links are passed over.
    public static let values = 3_000_000
    /// Reports that one step reads.
    public static let reports = 50
    /// Vulnerabilities that are listed in the details; the most severe first.
    public static let listed = 500
}
