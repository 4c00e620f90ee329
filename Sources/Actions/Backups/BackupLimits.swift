import Host

/// The bounds of this module, each with what it protects.
enum BackupLimits {
    /// Bytes of an object's beginning that are read to see what it is.
    static let head = 64 << 10
    /// Bytes of an object's end, or of what it unpacks to, that are read to see whether it is complete.
    static let tail = 4 << 10
    /// Bytes that are asked for at a time while a whole object is read.
    static let part: Int64 = 4 << 20
    /// Bytes of what an object unpacks to: a small one can unpack to very much.
    static let unpacked: Int64 = 64 << 30
    /// Newest objects that the details list.
    static let details = 20
    /// How far the date in a key and the date of storing may be apart: dumps and uploads take their time, and zones differ.
    static let dateTolerance: Duration = .seconds(12 * 3600)
    /// Bytes below which a packed object holds nothing.
    static let emptyArchive = 64
}

/// What is wrong with a backup, in words that stay.
enum BackupCode: String {
    case noBackup = "no-backup"
    case empty
    case tooSmall = "too-small"
    case shrunken
    case grown
    case foreign
    case damaged
    case dateDisagrees = "date-disagrees"
}
