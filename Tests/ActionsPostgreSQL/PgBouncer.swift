import Foundation

@testable import Sandbox

/// A PgBouncer before a server, by which its superuser and roles with the password `p` get in.
struct PgBouncer: Sendable {
    let port: Int
    private let supervisor: Supervisor

    static func start(before server: PostgreSQLServer, mode: String, roles: [String] = []) async throws -> PgBouncer {
        let (port, folder) = (try Scratch.freePort(), try Scratch.makeFolder("pgbouncer"))
        let users = ["\"postgres\" \"\""] + roles.map { "\"\($0)\" \"p\"" }
        let settings = """
            [databases]
            * = host=127.0.0.1 port=\(server.port)
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = trust
            auth_file = \(folder)/users
            pool_mode = \(mode)
            default_pool_size = 4
            ignore_startup_parameters = extra_float_digits
            """
        let supervisor = try Supervisor.own(
            folder, command: PostgreSQLInstallation.asServerUser + ["pgbouncer", folder + "/settings"])
        try await supervisor.orEnd {
            try users.joined(separator: "\n").write(toFile: folder + "/users", atomically: true, encoding: .utf8)
            try settings.write(toFile: folder + "/settings", atomically: true, encoding: .utf8)
            try supervisor.resume()
            try await supervisor.waitUntil("pgbouncer") {
                (try? await PostgreSQLServer.psql(
                    "SELECT 1",
                    url: PostgreSQLServer.url(port: port, database: "postgres", user: "postgres", password: nil)))
                    != nil
            }
        }
        return PgBouncer(port: port, supervisor: supervisor)
    }

    func url(_ user: String) -> String {
        PostgreSQLServer.url(
            port: port, database: "postgres", user: user, password: user == "postgres" ? nil : "p")
    }

    func stop() async { await supervisor.end() }
}
