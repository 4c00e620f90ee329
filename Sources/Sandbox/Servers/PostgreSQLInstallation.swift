import Foundation

/// The files of a PostgreSQL server and the command that runs it. As root it runs as the user `postgres`, because
/// PostgreSQL refuses to run as root; else as whoever runs us.
struct PostgreSQLInstallation: Sendable {
    let folder: String
    let port: Int
    let settings: [String: String]
    let rules: [String]

    var data: String { folder + "/data" }

    var command: [String] { Self.asServerUser + [Self.programs + "/postgres", "-D", data] }

    /// Debian keeps the server's programs out of PATH; the newest version is taken.
    static let programs: String = {
        let root = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [])
            .compactMap(Int.init).sorted(by: >)
        let found = versions.map { "\(root)/\($0)/bin" }.first { access($0 + "/initdb", X_OK) == 0 }
        return found ?? "/usr/local/pgsql/bin"
    }()

    static var asServerUser: [String] {
        geteuid() == 0 ? ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] : []
    }

    func initialize(tls: IssuedCertificate? = nil) async throws {
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
        if geteuid() == 0 { try await Program.run("chown", ["postgres:postgres", data]) }
        // It ends with us: half a data folder is of no use to anybody.
        let initdb =
            ["setpriv", "--pdeathsig", "KILL"] + Self.asServerUser.dropFirst() + [
                Self.programs + "/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                "--locale=C.UTF-8",
                "--no-sync", "--no-instructions",
            ]
        try await Program.run(initdb[0], Array(initdb.dropFirst()))
        var all = Self.defaults.merging(settings) { $1 }
        all["port"] = String(port)
        all["unix_socket_directories"] = data
        if let tls {
            all.merge(["ssl": "on", "ssl_cert_file": "server.pem", "ssl_key_file": "server.key"]) { $1 }
            try await place(tls.chainPath, as: "server.pem")
            try await place(tls.keyPath, as: "server.key")
        }
        let lines = all.sorted { $0.key < $1.key }.map { name, value in
            "\(name) = '\(value.replacing("'", with: "''"))'"
        }
        try write(lines, to: "postgresql.auto.conf")
        try write(rules + Self.rules, to: "pg_hba.conf")
    }

    /// The postmaster writes its state into the eighth line of its pid file, so that nobody has to guess.
    static func isReady(folder: String) -> Bool {
        guard let text = try? String(contentsOfFile: folder + "/data/postmaster.pid", encoding: .utf8) else {
            return false
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.count > 7 && lines[7].hasPrefix("ready")
    }

    private static let defaults = [
        "listen_addresses": "127.0.0.1", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
        "shared_buffers": "32MB", "max_connections": "100", "password_encryption": "scram-sha-256",
        "wal_level": "minimal", "max_wal_senders": "0", "timezone": "UTC", "log_timezone": "UTC",
        "dynamic_shared_memory_type": "posix", "logging_collector": "off",
    ]

    private static let rules = [
        "local all postgres trust", "host all postgres 127.0.0.1/32 trust", "local all all scram-sha-256",
        "host all all 127.0.0.1/32 scram-sha-256",
    ]

    /// Into the existing file, which belongs to the server's user already.
    private func write(_ lines: [String], to name: String) throws {
        try (lines.joined(separator: "\n") + "\n").write(
            toFile: data + "/" + name, atomically: false, encoding: .utf8)
    }

    private func place(_ source: String, as name: String) async throws {
        let owner = geteuid() == 0 ? ["-o", "postgres", "-g", "postgres"] : []
        try await Program.run("install", owner + ["-m", "0600", source, data + "/" + name])
    }
}
