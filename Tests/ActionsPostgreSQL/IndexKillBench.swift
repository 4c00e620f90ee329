import ActionsPostgreSQL
import ClientPostgreSQL
import Foundation
import Host
import Maintenance
import Sandbox

/// Where a rebuild is when it is killed, by the server's own word for it.
enum RebuildStep: String, CaseIterable {
    case beginning = "the beginning"
    case beforeBuild = "waiting for writers before build"
    case building = "building index"
    case beforeValidation = "waiting for writers before validation"
    case validating = "index validation"
    case oldSnapshots = "waiting for old snapshots"
    case beforeDead = "waiting for readers before marking dead"
    case beforeDrop = "waiting for readers before dropping"

    /// It takes no open transaction of somebody to meet the work there.
    var isHeldByNobody: Bool { [.beginning, .building, .validating].contains(self) }
}

enum RebuildKill: String, CaseIterable {
    /// The backend is ended by its administrator.
    case backend = "backend terminated"
    /// Our process is gone, and nobody is left to clear away; the backend goes on.
    case client = "session lost"
    /// kill -9 of the backend: the whole server restarts and recovers.
    case server = "backend kill -9"
}

/// A server with a table that others write to and build on, and a rebuild on it that can be killed.
struct IndexKillBench: Sendable {
    let server: PostgreSQLServer
    let bench: Bench
    /// The same database through a proxy: what works through it can be cut off.
    let cut: Bench
    let proxy: FaultProxy
    let eye: PostgreSQLClient

    static let schema = """
        CREATE EXTENSION amcheck;
        CREATE TABLE traps (id int PRIMARY KEY, site int, note text);
        INSERT INTO traps SELECT g, g % 90, 'n' || g FROM generate_series(1, 60000) g;
        CREATE INDEX traps_site ON traps (site, note); CREATE INDEX traps_site_ccnew ON traps (site, note);
        UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'traps_site_ccnew'::regclass;
        CREATE TABLE others AS SELECT g AS id FROM generate_series(1, 20000) g; CREATE INDEX others_id ON others (id)
        """

    static func run(_ body: (IndexKillBench) async throws -> Void) async throws {
        let server = try await PostgreSQLServer.start(settings: ["log_lock_waits": "on", "log_line_prefix": "%p "])
        try await doing {
            try await server.psql("CREATE DATABASE kills")
            try await server.psql(schema, database: "kills")
            let proxy = try FaultProxy(to: server.port)
            let url = server.url(database: "kills")
            let target = try PostgreSQLActions.kinds[0].target(
                from: .text(url.replacing(":\(server.port)/", with: ":\(proxy.port)/")))
            guard let kind = try PostgreSQLActions.kinds[0].target(from: .text(url)) as? PostgreSQLKind else {
                throw NoSuchAction()
            }
            let eye = kind.open(on: .system)
            try await Bench.open(server, "kills") { bench in
                var (bench, cut) = (bench, Bench(server: server, database: "kills", target: open(target)))
                bench.time = .seconds(60)
                cut.time = .seconds(60)
                try await body(IndexKillBench(server: server, bench: bench, cut: cut, proxy: proxy, eye: eye))
                await cut.target.close()
            }
            eye.close()
            proxy.stop()
        } finally: {
            await server.stop()
        }
    }

    private static func open(_ kind: some TargetKind) -> StepTargets { StepTargets(OpenTarget(kind, on: .system)) }

    /// The process of our work and what it is at; `nil` where none is at work.
    func sight() async throws -> (process: Int, phase: String)? {
        let rows = try await eye.look(
            [
                SQLStatement(
                    """
                    SELECT l.pid, coalesce(p.phase, '') AS phase FROM pg_locks l \
                    LEFT JOIN pg_stat_progress_create_index p ON p.pid = l.pid \
                    WHERE l.locktype = 'advisory' AND l.granted AND l.classid = \(ChangeSession.lockSpace)::oid
                    """)
            ], until: Host.system.steady() + .seconds(20))[0].rows
        return try rows.first.map { (try $0.integer("pid"), try $0.text("phase")) }
    }

    /// Waits until the work is there; false when it was over before, or does not come there.
    func arrives(_ step: RebuildStep, _ isOver: @Sendable () -> Bool) async throws -> Int? {
        let end = Host.system.steady() + .seconds(20)
        while Host.system.steady() < end, !isOver() {
            if let sight = try await sight(), step == .beginning || sight.phase.hasPrefix(step.rawValue) {
                return sight.process
            }
        }
        return nil
    }

    /// People whose open transactions keep the work at that step until they are closed. A lock of the table is enough.
    func holders(_ step: RebuildStep) async throws -> [OtherSession] {
        switch step {
        case .beginning, .building, .validating: []
        case .beforeBuild, .beforeValidation:
            [try await OtherSession.open(bench, "UPDATE traps SET site = 1 WHERE id = -1", isolation: "READ COMMITTED")]
        case .oldSnapshots: [try await OtherSession.open(bench)]
        case .beforeDead, .beforeDrop:
            [try await OtherSession.open(bench, "SELECT count(*) FROM traps", isolation: "READ COMMITTED")]
        }
    }

    func kill(_ process: Int, _ way: RebuildKill) async throws {
        switch way {
        case .backend: try await bench.sql("SELECT pg_terminate_backend(\(process))")
        case .client:
            // Nothing else gets through: the process that would clear away is dead.
            try proxy.set(.refuse)
            proxy.dropConnections()
        case .server:
            Glibc.kill(pid_t(process), SIGKILL)
            _ = try await eventually { (try? await bench.sql("SELECT 1")) == "1" }
        }
    }

    /// As a resume would: looks, and does what the look asks for, until it is in place; else what it saw last.
    func resume(_ change: ConfiguredChange, _ unit: WorkUnit, _ baseline: [UInt8]) async throws -> String? {
        let end = Host.system.steady() + .seconds(90)
        var seen: [String] = []
        while Host.system.steady() < end {
            do {
                let state = try await bench.probe(change, unit, baseline)
                if seen.last != "\(state)" { seen.append("\(state)") }
                switch state {
                case .applied: return nil
                case .running: break
                case .partial: try await change.repair?(unit, baseline, bench.target, bench.context(unit: unit.id))
                case .pending: try await bench.apply(change, unit, baseline)
                case .unknown: return seen.joined(separator: "; ")
                }
            } catch {
                if seen.last != "\(error)" { seen.append("\(error)") }
            }
            try await Host.system.sleep(.milliseconds(20))
        }
        return seen.suffix(8).joined(separator: "; ")
    }
}
