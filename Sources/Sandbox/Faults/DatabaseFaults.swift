import Synchronization

/// Faults of the database server: reach, rights, sessions.
extension Fault {
    static let databaseFaults: [Fault] = [
        databaseProxy("database-refused", "nobody listens on the database's port", .refuse),
        databaseProxy("database-hang", "the database's port accepts and never answers", .hang),
        databaseProxy("database-garbage", "the database's port answers garbage", .garbage),
        databaseProxy("database-half-closed", "the database closes each connection in its first answer", .halfClosed),
        databaseProxy("database-slow", "each answer of the database takes 3 s more", .latency(.seconds(3))),
        Fault(
            "latency-20ms", "each answer of the database, the cache and the API takes 20 ms more",
            seenBy: "nothing: all is well", at: Set(Place.allCases), isWrong: false
        ) {
            for proxy in $0.proxies.all { try proxy.set(.latency(.milliseconds(20))) }
        } heal: {
            for proxy in $0.proxies.all { try proxy.set(.forward) }
        },
        rights(
            "database-login-refused", "the passwords of both roles were changed",
            "postgresql.connectivity and all that need the database", Place.database
        ) { _ in
            "ALTER ROLE millwright_look PASSWORD 'changed'; ALTER ROLE millwright_change PASSWORD 'changed';"
        } heal: {
            """
            ALTER ROLE millwright_look PASSWORD '\($0.passwords.look)';
            ALTER ROLE millwright_change PASSWORD '\($0.passwords.change)';
            """
        },
        rights(
            "database-no-permission", "the looking role may not read the tables",
            "postgresql.query, postgresql.archive, postgresql.insert-missing", [.inspections, .archive, .tickets]
        ) { _ in
            "REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM millwright_look;"
        } heal: { _ in
            SteamTrapSandbox.lookGrants
        },
        rights(
            "database-not-owner", "the changing role is no longer a member of the tables' owner",
            "postgresql.vacuum, postgresql.archive, postgresql.insert-missing", [.vacuum, .archive, .tickets]
        ) { _ in
            "REVOKE greenlang_app FROM millwright_change; GRANT USAGE ON SCHEMA public TO millwright_change;"
        } heal: { _ in
            "REVOKE USAGE ON SCHEMA public FROM millwright_change; GRANT greenlang_app TO millwright_change;"
        },
        rights(
            "database-read-only", "sessions of the changing role are read-only by default",
            "postgresql.vacuum, postgresql.archive, postgresql.insert-missing", [.vacuum, .archive, .tickets]
        ) { _ in
            "ALTER ROLE millwright_change SET default_transaction_read_only = on;"
        } heal: { _ in
            "ALTER ROLE millwright_change RESET default_transaction_read_only;"
        },
        Fault(
            "database-locked", "a session holds ACCESS EXCLUSIVE on trap_inspections",
            seenBy: "postgresql.query, postgresql.vacuum, postgresql.archive", at: [.inspections, .vacuum, .archive]
        ) {
            try await $0.hold("database-locked", application: "schema-migration") {
                try await $0.execute("BEGIN")
                try await $0.execute("LOCK TABLE trap_inspections IN ACCESS EXCLUSIVE MODE")
            }
        } heal: {
            try await $0.release("database-locked")
        },
        Fault(
            "old-transaction", "a session holds an old snapshot, so that dead rows cannot be removed",
            seenBy: "postgresql.vacuum", at: [.vacuum]
        ) {
            try await $0.hold("old-transaction", application: "nightly-export") {
                try await $0.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
                try await $0.execute("SELECT count(*) FROM sites")
            }
            try await $0.sql(SteamTrapSchema.deadRows)
        } heal: {
            try await $0.release("old-transaction")
        },
        connections("database-connections-80-percent", 80), connections("database-connections-92-percent", 92),
        connections("database-connections-exhausted", 97, places: Place.database),
    ]

    private static func databaseProxy(
        _ name: String, _ summary: String, _ behaviour: FaultProxy.Behaviour
    ) -> Fault {
        Fault(name, summary, seenBy: "postgresql.connectivity and all that need the database", at: Place.database) {
            try $0.proxies.database.set(behaviour)
            $0.proxies.database.dropConnections()
        } heal: {
            try $0.proxies.database.set(.forward)
            $0.proxies.database.dropConnections()
        }
    }

    private static func rights(
        _ name: String, _ summary: String, _ seenBy: String, _ places: Set<Place>,
        apply: @escaping @Sendable (SteamTrapSandbox) -> String, heal: @escaping @Sendable (SteamTrapSandbox) -> String
    ) -> Fault {
        Fault(name, summary, seenBy: seenBy, at: places) {
            try await $0.sql(apply($0))
        } heal: {
            try await $0.sql(heal($0))
        }
    }

    /// Of 100 connections, 3 are kept for the superuser.
    private static func connections(_ name: String, _ wanted: Int, places: Set<Place> = [.connections]) -> Fault {
        Fault(name, "\(wanted) of 100 connections are taken", seenBy: "postgresql.connections", at: places) { sandbox in
            let used = try await sandbox.sql(
                "SELECT count(*) - 1 FROM pg_stat_activity WHERE backend_type = 'client backend'")
            for _ in 0..<max(0, wanted - (Int(used) ?? 0)) {
                try await sandbox.hold(name, application: "connection-leak") { _ in }
            }
        } heal: {
            try await $0.release(name)
        }
    }
}

extension FaultProxy.Behaviour {
    static let halfClosed = Self(after: (bytes: 5, event: .halfClose))
}

extension SteamTrapSandbox {
    /// Opens a session of the application that stays until `release`.
    func hold(_ name: String, application: String, prepare: (DatabaseSession) async throws -> Void) async throws {
        let session = try await DatabaseSession.open(
            port: database.port, database: "greenlang", user: "greenlang_app", application: application)
        try await prepare(session)
        held.withLock { $0[name, default: []].append(session) }
    }

    /// Returns when the server has seen them leave.
    func release(_ name: String) async throws {
        guard let count = held.withLock({ $0.removeValue(forKey: name) })?.count, count > 0 else { return }
        let left =
            "SELECT count(*) FROM pg_stat_activity WHERE application_name IN "
            + "('schema-migration', 'nightly-export', 'connection-leak')"
        let others = held.withLock { $0.values.reduce(0) { $0 + $1.count } }
        _ = try await eventually { try await Int(self.sql(left)) == others }
    }
}
