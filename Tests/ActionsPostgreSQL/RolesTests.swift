import ActionsPostgreSQL
import Maintenance
import Sandbox
import Testing

/// On a server of its own: roles belong to the whole server.
struct RolesTests {
    static let schema = """
        CREATE ROLE watcher LOGIN PASSWORD 'p'; CREATE ROLE plain LOGIN PASSWORD 'p'; GRANT pg_monitor TO watcher;
        CREATE TABLE kept (id int); CREATE FUNCTION pinned() RETURNS int LANGUAGE sql SECURITY DEFINER
            SET search_path = pg_catalog AS 'SELECT 1'
        """
    static let faults = """
        CREATE ROLE admins SUPERUSER; CREATE ROLE dba LOGIN IN ROLE admins; CREATE ROLE hidden_admin LOGIN IN ROLE dba;
        CREATE ROLE runner LOGIN; GRANT pg_execute_server_program TO runner; CREATE ROLE boss LOGIN SUPERUSER;
        CREATE ROLE group_of_old NOLOGIN VALID UNTIL '2020-01-01'; CREATE ROLE old LOGIN VALID UNTIL '2020-01-01';
        CREATE ROLE forever LOGIN VALID UNTIL 'infinity';
        SET password_encryption = md5; CREATE ROLE oldhash LOGIN PASSWORD 'q';
        DO $$BEGIN EXECUTE format('CREATE ROLE leaver LOGIN VALID UNTIL %L', now() + interval '3 days');
          EXECUTE format('CREATE ROLE later LOGIN VALID UNTIL %L', now() + interval '20 days');
          EXECUTE format('CREATE ROLE left_us LOGIN VALID UNTIL %L', now() - interval '2 days'); END$$;
        CREATE TABLE open_to_all (id int); GRANT ALL ON open_to_all TO PUBLIC; GRANT CREATE ON SCHEMA public TO PUBLIC;
        CREATE FUNCTION elevated() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
        """
    static let seen: [String: Verdict] = [
        "role boss": .warn, "role dba": .warn, "role hidden_admin": .warn, "role leaver": .fail, "role later": .warn,
        "role left_us": .fail, "schema public": .warn, "table public.open_to_all": .warn, "function elevated()": .warn,
    ]
    static let shown: [String: Verdict] = [
        "role oldhash": .warn, "pg_hba.conf line 1": .warn, "pg_hba.conf line 2": .fail,
    ]
    static let hidden: [String: Verdict] = ["how passwords are kept": .unknown, "pg_hba.conf": .unknown]

    @Test func whoMayTooMuchIsNamed() async throws {
        let server = try await PostgreSQLServer.start(
            settings: ["password_encryption": "scram-sha-256"], rules: ["host all nobody 10.0.0.0/8 trust"])
        try await server.psql(Self.schema)
        func look(_ role: String, _ parameters: PlanValue? = nil) async throws -> Seen {
            try await Bench.open(server, "postgres", roles: role == "postgres" ? nil : (role, role)) {
                try await $0.observe("postgresql.roles", parameters)
            }
        }
        let mere: PlanValue = ["parts": ["roles", "public"]]
        #expect(try await look("postgres", ["parts": ["roles", "public", "passwords"]]).verdict == .pass)
        for role in ["postgres", "watcher", "plain"] { #expect(try await look(role, mere).verdict == .pass) }
        #expect(try await look("watcher").verdict == .unknown)
        try await server.psql(Self.faults)
        // A line that nobody can read: the running server still has the old ones.
        try await Program.run(
            "sed", ["-i", "2i host all all nonsense/99 trust", server.folder + "/data/pg_hba.conf"])
        for role in ["postgres", "watcher", "plain"] {
            let found = findings(try await look(role))
            #expect(found == Self.seen.merging(role == "postgres" ? Self.shown : Self.hidden) { $1 }, "\(role)")
        }
        let super_ = try await look("postgres")
        #expect(super_["superusers"] == 4 && super_["strong"] == 1 && super_["open"] == 3)
        let accepted = try await look(
            "plain", ["superusers": ["dba", "boss", "hidden_admin"], "parts": "roles", "warn-within": "4d"])
        #expect(findings(accepted) == ["role leaver": .fail, "role left_us": .fail])
        // What is printed as the rights suffices.
        let rights = try PostgreSQLActions.all.first { $0.name == "postgresql.roles" }?.configured(with: nil).rights
        for right in try #require(rights) {
            try await server.psql(right.grant.replacing("{role}", with: "watcher"))
        }
        #expect(findings(try await look("watcher")) == Self.seen.merging(Self.shown) { $1 })
        await server.stop()
    }

    private func findings(_ seen: Seen) -> [String: Verdict] {
        Dictionary(seen.observation.findings.map { ($0.subject, $0.severity) }) { first, _ in first }
    }
}
