import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans
import Schedules
import Testing

@testable import Engine

/// Which occurrences passed without a run.
@Suite struct PunctualityTests {
    private func at(_ text: String) throws -> Instant { try #require(Instant(text)) }

    private func missed(
        _ schedule: String, lateness: Duration? = nil, since last: String, at now: String
    ) throws -> MissedOccurrences? {
        Punctuality(try Schedule(schedule), in: .utc, lateness: lateness).missed(since: try at(last), at: try at(now))
    }

    @Test(arguments: [
        // Kept: the run of the day before, and this one, some seconds late.
        ("2026-11-20T09:00:02Z", "2026-11-21T09:00:03Z", 0),
        // A little early is on time, both then and now.
        ("2026-11-20T08:59:58Z", "2026-11-21T08:59:59Z", 0),
        ("2026-11-20T08:59:58Z", "2026-11-21T09:00:02Z", 0),
        // By hand within the hour; between two; too late.
        ("2026-11-20T09:00:02Z", "2026-11-21T09:59:00Z", 0),
        ("2026-11-20T09:00:02Z", "2026-11-20T15:00:00Z", 0),
        ("2026-11-20T09:00:02Z", "2026-11-21T10:00:00Z", 1),
        // Two days without one, and this run keeps the third.
        ("2026-11-20T09:00:02Z", "2026-11-23T09:00:02Z", 2),
        // The clock went back.
        ("2026-11-20T09:00:02Z", "2026-11-19T09:00:02Z", 0),
    ])
    func ofADailySchedule(_ last: String, _ now: String, _ count: Int) throws {
        #expect((try missed("daily 09:00", since: last, at: now)?.count ?? 0) == count)
    }

    @Test func theInstantsAreThere() throws {
        let missed = try missed("daily 09:00", since: "2026-11-20T09:00:02Z", at: "2026-11-23T09:00:02Z")
        #expect(
            missed
                == MissedOccurrences(
                    schedule: "daily 09:00", count: 2, isAtLeast: false,
                    latest: [try at("2026-11-21T09:00:00Z"), try at("2026-11-22T09:00:00Z")]))
    }

    @Test func aWindowIsKeptOnlyWhileItIsOpen() throws {
        let (sunday, hour) = ("2026-11-15T02:00:03Z", Duration.seconds(3600))
        func count(_ now: String) throws -> Int {
            try missed("Sunday 02:00", lateness: hour, since: sunday, at: now)?.count ?? 0
        }
        #expect(try count("2026-11-22T02:59:00Z") == 0)
        // Outside the window, by an override.
        #expect(try count("2026-11-22T03:00:00Z") == 1)
        #expect(try count("2026-11-18T12:00:00Z") == 0)
        #expect(try count("2026-12-06T02:10:00Z") == 2)
    }

    @Test func manyAreCountedWithinBounds() throws {
        let some = try missed("every 5 minutes", since: "2026-11-20T09:00:01Z", at: "2026-11-20T10:00:01Z")
        #expect(some?.count == 11 && some?.isAtLeast == false && some?.latest.count == Limits.missedListed)
        #expect(some?.latest.last == (try at("2026-11-20T09:55:00Z")))
        let many = try missed("every 1 minute", since: "2020-01-01T00:00:00Z", at: "2026-11-20T10:00:01Z")
        #expect(many?.count == Limits.missedCounted && many?.isAtLeast == true)
        #expect(many?.latest.last == (try at("2026-11-20T09:59:00Z")))
        #expect(try missed("every 1 minute", since: "2026-11-20T10:00:01Z", at: "2026-11-20T10:02:01Z")?.count == 1)
    }

    // MARK: From the journal

    private func plan(_ procedure: String) throws -> Plan {
        var host = Host.system
        let text = """
            service: s
            windows: { weekly: { opens: "Sunday 02:00", lasts: 1h } }
            procedures:
              daily: { schedule: daily 09:00, steps: [{ check: fake.check }] }
              weekly: { in: weekly, steps: [{ check: fake.check }] }
              by-hand: { window: weekly, steps: [{ check: fake.check }] }
            targets: { t: { fake: one } }
            """
        let system = host.readFile
        host.readFile = { path, limit in
            if path == "plan.yaml" { return Array(text.utf8) }
            if path == "estate.yaml" { throw FileError(path: path, reason: "none", isMissing: true) }
            return try system(path, limit)
        }
        return try PlanLoader.load(path: "plan.yaml", host: host, catalogue: Bench().catalogue)
    }

    private func past(
        _ procedure: String, _ rows: [(at: String, verdict: Verdict?, from: String?)], at now: String,
        events: [NoticeEvent] = [.recovered]
    ) async throws -> RunPast {
        let (plan, store) = (try plan(procedure), MemoryJournal())
        var run = try plan.runnable(procedure: procedure, catalogue: Bench().catalogue)
        run = RunPlan(
            service: run.service, environment: run.environment, procedure: procedure, steps: run.steps,
            notices: Bench.told([NoticeRule(on: events, to: ["chat"])]))
        for (index, row) in rows.enumerated() {
            let begun = try at(row.at)
            let start = RunStart(
                plan: run, profiles: [:], nominal: begun, owner: Bench.owner, requestedBy: "t", from: row.from)
            let body = try encodeJSON(RunEvent.started(start))
            let record = Record.next(after: ChainTip.none, run: "r\(index)", at: begun, kind: "started", body: body)
            let entry = RunRow(
                id: "r\(index)", service: run.service, environment: run.environment, procedure: procedure,
                nominal: begun, startedAt: begun, endedAt: begun, state: .ended, verdict: row.verdict)
            try await store.append(Batch(records: [record], rows: [entry]))
        }
        return try await RunPast.read(run, of: plan, from: store, at: try at(now))
    }

    @Test func aProcedureIsComparedWithItsOwnScheduleAndRuns() async throws {
        let now = "2026-11-23T09:00:02Z"
        let last: [(at: String, verdict: Verdict?, from: String?)] = [("2026-11-10T09:00:00Z", .pass, nil)]
        #expect(try await past("daily", last, at: now).missed?.count == 12)
        #expect(try await past("weekly", last, at: now).missed?.count == 2)
        #expect(try await past("by-hand", last, at: now).missed == nil)
        #expect(try await past("daily", [], at: now).missed == nil)
    }

    @Test func aFailureIsRecoveredFromOnce() async throws {
        func source(_ verdicts: [(Verdict?, String?)]) async throws -> String? {
            let rows = verdicts.enumerated().map { (at: "2026-11-1\($0)T09:00:00Z", verdict: $1.0, from: $1.1) }
            return try await past("daily", rows, at: "2026-11-23T09:00:02Z").recoversFrom
        }
        #expect(try await source([(.pass, nil), (.fail, nil)]) == "r1")
        #expect(try await source([(.unknown, nil)]) == "r0")
        #expect(try await source([(.fail, nil), (.pass, nil)]) == nil)
        // A warn neither ends a failure nor is one; a part that passed ends none.
        #expect(try await source([(.fail, nil), (.warn, nil)]) == "r0")
        #expect(try await source([(.fail, nil), (.pass, "b")]) == "r0")
        #expect(try await source([]) == nil)
        let unasked = try await past(
            "daily", [("2026-11-10T09:00:00Z", .fail, nil)], at: "2026-11-23T09:00:02Z", events: [.fail])
        #expect(unasked.recoversFrom == nil)
    }
}
