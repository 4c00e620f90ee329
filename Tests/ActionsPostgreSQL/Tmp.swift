import ActionsPostgreSQL
import Foundation
import Host
import Maintenance
import Sandbox
import ClientPostgreSQL
import Testing
struct Tmp {
    @Test(arguments: ["transaction", "session"]) func pooled(_ mode: String) async throws {
        try await Bench.run(schema: "CREATE TABLE t (id int)") { bench in
            let port = try Scratch.freePort()
            let ini = "[databases]\n* = host=127.0.0.1 port=\(bench.server.port)\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=\(port)\nauth_type=any\npool_mode=\(mode)\nunix_socket_dir=\n"
            let ini2 = ini.replacingOccurrences(of: "* = host=127.0.0.1 port=\(bench.server.port)", with: "\(bench.database) = host=127.0.0.1 port=\(bench.server.port) dbname=\(bench.database) user=postgres")
            try ini2.write(toFile: "/tmp/pgb/\(mode).ini", atomically: true, encoding: .utf8)
            let p = Process(); p.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
            p.environment = ["LD_LIBRARY_PATH": "/tmp/pgb/x/usr/lib/x86_64-linux-gnu"]
            p.arguments = ["--reuid", "postgres", "--regid", "postgres", "--clear-groups", "/tmp/pgb/x/usr/sbin/pgbouncer", "-q", "/tmp/pgb/\(mode).ini"]
            try p.run()
            defer { p.terminate() }
            try await Task.sleep(for: .milliseconds(800))
            let kind = try #require(try TargetKindDefinition(PostgreSQLKind.self).target(from: .text("postgresql://postgres@127.0.0.1:\(port)/\(bench.database)")) as? PostgreSQLKind)
            let target = OpenTarget(kind, on: .system)
            let b = Bench(server: bench.server, database: bench.database, target: target)
            for c in ["postgresql.connectivity", "postgresql.connections", "postgresql.size"] {
                let seen = try await b.observe(c)
                print("TIMING", mode, c, seen.verdict, seen.observation.summary, seen.observation.details.prefix(1))
            }
            let v = try b.change("postgresql.vacuum", ["tables": "t"])
            let unit = try #require(try await b.preview(v).units.first)
            let base = try await b.prepare(v, unit)
            let f = try await failure { try await b.apply(v, unit, base) }
            print("TIMING", f?.code.rawValue ?? "", f?.sentence ?? "")
            let bad = try await failure { _ = try await b.observe("postgresql.query", ["sql": "SELECT 1/0"]) }
            print("TIMING", bad?.sentence ?? "")
            let task = Task { try await b.observe("postgresql.query", ["sql": "SELECT pg_sleep(20)"]) }
            try await Task.sleep(for: .milliseconds(300)); task.cancel(); _ = await task.result
            try await Task.sleep(for: .milliseconds(300))
            print("TIMING sleeping:", try await bench.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)%' AND state = 'active' AND pid <> pg_backend_pid()"))
            print("TIMING", try await b.observe("postgresql.query", ["sql": "SELECT 1 AS a"]).observation.summary)
            await target.close()
        }
    }
}
