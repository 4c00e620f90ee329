import Foundation
import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientPostgreSQL

struct SettingsTests {
    @Test(arguments: [
        ("postgresql://app:s3cret@db.example:6432/plant?sslmode=require", "postgresql db.example:6432/plant as app"),
        ("postgres://app@db/plant", "postgresql db:5432/plant as app"),
        ("host=/run/postgresql dbname=plant user=app", "postgresql /run/postgresql:5432/plant as app"),
        ("postgresql://app@[::1]:5433/plant", "postgresql [::1]:5433/plant as app"),
        ("postgresql://app@a:1,b:2/plant", "postgresql a:1,b:2/plant as app"),
        ("service=plant user=app", "postgresql service plant as app"),
    ])
    func identityIsHostPortDatabaseAndRole(_ url: String, _ identity: String) throws {
        #expect(try ConnectionSettings(url).identity == identity)
    }

    @Test(arguments: [
        "postgresql://app:pa%zzs3cret@db/x", "postgresql://app:s3cret@db:notaport/x?s3cret", "s3cret", "",
        "host=db password='s3cret", "postgresql://app:s3cret@db/x?nosuchoption=s3cret", "mysql://app:s3cret@db/x",
    ])
    func aWrongURLIsToldWithoutQuotingIt(_ url: String) {
        var message: String?
        do {
            _ = try TargetKindDefinition(PostgreSQLKind.self).target(from: .text(url))
        } catch {
            message = error.errors.map(\.message).joined()
        }
        #expect(message?.isEmpty == false)
        #expect(message?.contains("s3cret") == false)
    }

    @Test(arguments: [
        [], ["url", "look"], ["change"], ["url", "service"], ["look", "change", "service"],
    ])
    func parametersThatDoNotGoTogether(_ names: [String]) {
        let definition = TargetKindDefinition(PostgreSQLKind.self)
        #expect(throws: ValueErrors.self) {
            try definition.target(from: .map(names.map { .init($0, .text("postgresql://a@b/c")) }))
        }
    }

    /// libpq reads PGSERVICEFILE and PGPASSFILE from this process's environment, so both are set once for all.
    @Test func aServiceFileAndAPasswordFileWork() async throws {
        try await withDatabase { server, database, _ in
            let role = "filed_" + database
            try await server.psql("CREATE ROLE \(role) LOGIN PASSWORD 'from:file\\x'")
            let folder = try Scratch.makeFolder("pgfiles")
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try """
            [plant]
            host=127.0.0.1
            port=\(server.port)
            dbname=\(database)
            user=\(role)
            """.write(toFile: folder + "/service", atomically: true, encoding: .utf8)
            try "127.0.0.1:\(server.port):*:\(role):from\\:file\\\\x\n".write(
                toFile: folder + "/pass", atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder + "/pass")
            setenv("PGSERVICEFILE", folder + "/service", 1)
            setenv("PGPASSFILE", folder + "/pass", 1)
            defer {
                unsetenv("PGSERVICEFILE")
                unsetenv("PGPASSFILE")
            }
            try await withTarget(.map([.init("service", .text("plant"))])) { kind, client in
                #expect(
                    kind.identity == "postgresql service plant"
                        || kind.identity.hasPrefix("postgresql service plant as"))
                let row = try await client.access().query("SELECT current_user::text AS u").one()
                #expect(try row.text("u") == role)
            }
            try await withTarget(.text(server.url(database: database, user: role))) { _, client in
                _ = try await client.access().query("SELECT 1")
            }
            try await withTarget(.map([.init("service", .text("missing"))])) { _, client in
                let found = try await cause { _ = try await client.access().query("SELECT 1") }
                #expect(found?.code == .misconfigured, "\(found?.sentence ?? "")")
            }
            try await server.psql("DROP ROLE \(role)")
        }
    }

    @Test func encryptionIsAsTheURLSays() async throws {
        let authority = try await CertificateAuthority.makeRoot()
        let server = try await PostgreSQLServer.start(tls: try await authority.leaf(names: ["127.0.0.1"]))
        let plain = try await PostgreSQLServer.shared()
        let other = try await CertificateAuthority.makeRoot()
        let cases: [(Int, String, Cause.Code?)] = [
            (server.port, "sslmode=verify-full&sslrootcert=\(authority.rootPath)", nil),
            (server.port, "sslmode=verify-full&sslrootcert=\(other.rootPath)", .encryptionFailed),
            (plain.port, "sslmode=require", .encryptionFailed), (plain.port, "sslmode=prefer", nil),
        ]
        for (port, mode, code) in cases {
            try await withTarget(.text("postgresql://postgres@127.0.0.1:\(port)/postgres?\(mode)")) { _, client in
                let found = try await cause { _ = try await client.access().query("SELECT 1") }
                #expect(found?.code == code, "\(mode): \(found?.sentence ?? "no error")")
            }
        }
        await server.stop()
    }
}
