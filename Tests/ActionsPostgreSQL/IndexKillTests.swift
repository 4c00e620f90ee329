import ActionsPostgreSQL
import Foundation
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

/// A rebuild is killed at every step that the server tells of, in three ways, while others write to the table and build
/// on it. `make test` takes each step once; `INDEX_KILLS=N` kills N times and writes docs/figures/index-kill.md, and
/// `SEED=N` draws other ways and moments.
@Suite(.serialized) struct IndexKillTests {
    private struct Tally {
        var killed: [String: Int] = [:]
        var missed = 0
        var again = 0
    }

    @Test(.timeLimit(.minutes(240))) func nothingOfOursIsLeftWhereverARebuildIsKilled() async throws {
        let environment = ProcessInfo.processInfo.environment
        let whole = environment["INDEX_KILLS"].flatMap { Int($0) }
        var dice = Dice(seed: environment["SEED"].flatMap { UInt64($0) } ?? 6)
        try await IndexKillBench.run { bench in
            var tally = Tally()
            let traffic = Traffic(bench.server)
            let (rounds, begun) = (whole ?? RebuildStep.allCases.count, Host.system.steady())
            try await traffic.beside {
                for round in 0..<rounds {
                    let step = RebuildStep.allCases[round % RebuildStep.allCases.count]
                    let way = RebuildKill.allCases[(round / RebuildStep.allCases.count + dice.roll(3)) % 3]
                    // A build of somebody else would wait for those who hold ours up, and keep its lock meanwhile.
                    try await traffic.letBuild(step.isHeldByNobody)
                    try await self.round(bench, step, way, &dice, &tally)
                }
            }
            #expect(tally.missed <= rounds / 4, "\(tally)")
            #expect(traffic.failures == [], "a build of somebody else was touched")
            #expect(traffic.builds > 0 && traffic.writes > 0)
            let log = try String(contentsOfFile: bench.server.folder + "/log", encoding: .utf8)
            let waits = log.split(separator: "\n").filter {
                $0.contains("still waiting for RowExclusiveLock on relation")
            }
            #expect(waits.isEmpty, "\(waits.joined(separator: "\n"))")
            if whole != nil { try report(tally, traffic, Host.system.steady() - begun) }
        }
    }

    private func round(
        _ bench: IndexKillBench, _ step: RebuildStep, _ way: RebuildKill, _ dice: inout Dice, _ tally: inout Tally
    ) async throws {
        let change = try bench.bench.change("postgresql.reindex", ["indexes": "public.traps_site"])
        let unit = try #require(try await bench.bench.preview(change).units.first)
        let baseline = try await bench.bench.prepare(change, unit)
        var holders = try await bench.holders(step)
        let isOver = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let cut = bench.cut
            group.addTask {
                try? await cut.apply(change, unit, baseline)
                isOver.value.withLock { $0 = true }
            }
            // What waits for those who came before it can be held up again by one who comes meanwhile.
            let first: RebuildStep? = step == .beforeValidation ? .beforeBuild : step == .beforeDrop ? .beforeDead : nil
            if let first, try await bench.arrives(first, { isOver.value.withLock { $0 } }) != nil {
                holders += try await bench.holders(step)
                await holders.removeFirst().close()
            }
            if let process = try await bench.arrives(step, { isOver.value.withLock { $0 } }) {
                try await Host.system.sleep(.milliseconds(dice.roll(30)))
                try await bench.kill(process, way)
                tally.killed["\(step.rawValue)|\(way.rawValue)", default: 0] += 1
            } else {
                tally.missed += 1
            }
            for holder in holders { await holder.close() }
            try await group.waitForAll()
        }
        try bench.proxy.set(.forward)
        // The repair may be killed as well.
        let (isAgain, moment) = (dice.roll(3) == 0, dice.roll(150))
        try await withThrowingTaskGroup(of: String?.self) { group in
            if isAgain {
                tally.again += 1
                group.addTask {
                    try await Host.system.sleep(.milliseconds(moment))
                    if let process = try? await bench.sight()?.process {
                        _ = try? await bench.bench.sql("SELECT pg_terminate_backend(\(process))")
                    }
                    return nil
                }
            }
            group.addTask { try await bench.resume(change, unit, baseline) }
            for try await open in group { #expect(open == nil, "\(step), \(way): not brought to its end") }
        }
        let left = try await bench.bench.sql(
            """
            SELECT string_agg(c.relname, ' ') FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
            WHERE i.indrelid = 'traps'::regclass AND (NOT i.indisvalid OR c.relname ~ 'traps_site') \
            AND c.relname <> 'traps_foreign'
            """)
        #expect(Set(left.split(separator: " ")) == ["traps_site", "traps_site_ccnew"], "\(step), \(way): \(left)")
        try await bench.bench.sql("SELECT bt_index_check('traps_site', true)")
    }

    private func report(_ tally: Tally, _ traffic: Traffic, _ took: Duration) throws {
        var text = """
            # Kills of `postgresql.reindex`

            `INDEX_KILLS=\(tally.killed.values.reduce(tally.missed, +)) swift test --filter IndexKillTests`: \
            \(tally.killed.values.reduce(0, +)) rebuilds killed under write load, and \(tally.again) repairs after them, \
            in \(Int(took.inSeconds / 60)) minutes. After each resume: 0 leftovers of ours, the index valid and whole \
            (amcheck with every row of the table), the foreign leftover `traps_site_ccnew` untouched, 0 of \
            \(traffic.builds) builds of others on the same and on another table touched, no writer of \(traffic.writes) \
            waited a second for a lock of the table.

            | step | \(RebuildKill.allCases.map(\.rawValue).joined(separator: " | ")) |
            | --- | \(RebuildKill.allCases.map { _ in "---" }.joined(separator: " | ")) |

            """
        for step in RebuildStep.allCases {
            let counts = RebuildKill.allCases.map { String(tally.killed["\(step.rawValue)|\($0.rawValue)"] ?? 0) }
            text += "| \(step.rawValue) | \(counts.joined(separator: " | ")) |\n"
        }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        try text.write(to: root.appending(path: "docs/figures/index-kill.md"), atomically: true, encoding: .utf8)
    }
}

/// Others who write to the table, build on it, and build elsewhere, until the body ends.
private final class Traffic: Sendable {
    private struct State {
        var writes = 0
        var builds = 0
        var failures: [String] = []
        var isOver = false
        var mayBuild = true
        var isBuilding = false
    }

    private let state = Mutex(State())
    private let server: PostgreSQLServer

    init(_ server: PostgreSQLServer) { self.server = server }

    var writes: Int { state.withLock { $0.writes } }
    var builds: Int { state.withLock { $0.builds } }
    var failures: [String] { state.withLock { $0.failures } }

    /// What others are told when the whole server was killed; whoever is ended by somebody is told otherwise.
    private static let crashed = [
        "crash of another server process", "server closed the connection unexpectedly", "the database system is",
        "Connection refused",
    ]

    /// Whether others may build on the table itself; returns when it is so.
    func letBuild(_ may: Bool) async throws {
        state.withLock { $0.mayBuild = may }
        _ = try await eventually { may || !state.withLock { $0.isBuilding } }
    }

    func beside(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<2 { group.addTask { await self.write(writer) } }
            group.addTask { await self.build(on: "traps") }
            group.addTask { await self.build(on: "others") }
            try await doing {
                try await body()
            } finally: {
                self.state.withLock { $0.isOver = true }
            }
            try await group.waitForAll()
        }
    }

    private func write(_ writer: Int) async {
        var dice = Dice(seed: UInt64(writer))
        while !state.withLock({ $0.isOver }) {
            let statements = (0..<200).map { _ -> String in
                let id = 2 + dice.roll(70_000)
                return switch dice.roll(3) {
                case 0: "UPDATE traps SET site = \(dice.roll(90)) WHERE id = \(id)"
                case 1: "DELETE FROM traps WHERE id = \(id)"
                default: "INSERT INTO traps VALUES (\(id), \(dice.roll(90)), 'n') ON CONFLICT DO NOTHING"
                }
            }
            let isDone = (try? await server.psql(statements.joined(separator: ";\n"), database: "kills")) != nil
            state.withLock { $0.writes += isDone ? statements.count : 0 }
        }
    }

    /// An index that is gone, or a build that was ended, would be an error.
    private func build(on table: String) async {
        let statement =
            table == "traps"
            ? """
            DROP INDEX CONCURRENTLY IF EXISTS traps_foreign; CREATE INDEX CONCURRENTLY traps_foreign ON traps (note)
            """ : "REINDEX INDEX CONCURRENTLY others_id"
        while !state.withLock({ $0.isOver }) {
            try? await Host.system.sleep(.milliseconds(300))
            let begins = state.withLock { state in
                let begins = state.mayBuild || table != "traps"
                if begins, table == "traps" { state.isBuilding = true }
                return begins
            }
            guard begins else { continue }
            do {
                try await server.psql(statement, database: "kills")
                state.withLock { $0.builds += 1 }
            } catch {
                let said = "\(error)"
                if !Self.crashed.contains(where: said.contains) { state.withLock { $0.failures.append(said) } }
            }
            if table == "traps" { state.withLock { $0.isBuilding = false } }
        }
    }
}

/// The same draws for the same seed.
private struct Dice {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func roll(_ sides: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ (mixed >> 31)) % UInt64(sides))
    }
}

/// Shared between a task and who waits for it.
private final class Flag: Sendable {
    let value = Mutex(false)
}
