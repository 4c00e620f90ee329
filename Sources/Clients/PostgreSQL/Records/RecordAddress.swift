public import Maintenance

/// Where a program keeps its own records: as libpq reads it, with its service files and password files.
public struct RecordAddress: Sendable, Hashable {
    let settings: ConnectionSettings

    /// Reads a URL or a keyword string. The error never quotes the text, for a password may stand anywhere in it.
    public init(_ text: String) throws(ValueError) {
        settings = try ConnectionSettings(text).forWriting
    }

    /// Host, port, database and role.
    public var identity: String { settings.identity }
}
