import Maintenance

/// What answers at the end of a connection, looked at once a connection.
public struct ServerDescription: Sendable, Hashable {
    public enum Flavour: String, Sendable { case plain, rds, aurora }

    /// `150020` for 15.20.
    public let version: Int
    public let flavour: Flavour
    /// True where something between hands out server connections: a backend's own process is then not the one that
    /// the connection was told of. Whether it does so for a session or a transaction cannot be seen from outside.
    public let isPooled: Bool

    public init(version: Int, flavour: Flavour, isPooled: Bool) {
        self.version = version
        self.flavour = flavour
        self.isPooled = isPooled
    }

    static let statement = SQLStatement(
        """
        SELECT current_setting('server_version_num') AS version, pg_backend_pid() AS process, \
        current_setting('rds.extensions', true) IS NOT NULL AS rds, \
        to_regproc('pg_catalog.aurora_version') IS NOT NULL AS aurora
        """)

    init(_ row: Row, clientProcess: Int) throws(CouldNotLook) {
        let isAurora = try row.boolean("aurora")
        let isRDS = try row.boolean("rds")
        version = try row.integer("version")
        flavour = isAurora ? .aurora : isRDS ? .rds : .plain
        isPooled = try row.integer("process") != clientProcess
    }

    /// `15.20`, or `9.6.24` for the old ones.
    public var versionText: String {
        version >= 100_000
            ? "\(version / 10_000).\(version % 10_000)"
            : "\(version / 10_000).\(version / 100 % 100).\(version % 100)"
    }
}
