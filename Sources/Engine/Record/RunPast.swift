public import Host
public import Journal
public import Maintenance
public import Plans
import Schedules

/// What the journal knows of earlier runs of a procedure, as far as the run that begins now has to say something of it.
public struct RunPast: Sendable {
    /// Its occurrences since the run before that no run kept.
    public var missed: MissedOccurrences?
    /// The run that had failed or could not be known, where none passed since.
    public var recoversFrom: String?

    public init(missed: MissedOccurrences? = nil, recoversFrom: String? = nil) {
        self.missed = missed
        self.recoversFrom = recoversFrom
    }

    /// A procedure without a schedule misses nothing; one without an earlier run has nothing to compare with.
    public static func read(
        _ run: RunPlan, of plan: Plan, from store: any JournalStore, at now: Instant
    ) async throws -> RunPast {
        let rows = try await store.rows(
            RunFilter(
                service: run.service, environment: run.environment, procedure: run.procedure,
                limit: EngineLimits.earlierRuns))
        var past = RunPast()
        if let procedure = plan.procedure(run.procedure), let last = rows.first?.startedAt {
            past.missed = missed(procedure, plan, since: last, at: now)
        }
        if run.notices?.rules.contains(where: { $0.events.contains(.recovered) }) == true {
            past.recoversFrom = try await lastFailure(rows, store)
        }
        return past
    }

    private static func missed(
        _ procedure: Procedure, _ plan: Plan, since last: Instant, at now: Instant
    ) -> MissedOccurrences? {
        if let schedule = procedure.schedule {
            return Punctuality(schedule, in: plan.zone).missed(since: last, at: now)
        }
        guard procedure.beginsWithWindow, let window = procedure.window.flatMap({ plan.windows[$0]?.window }) else {
            return nil
        }
        return Punctuality(window.opens, in: plan.zone, lateness: window.lasts).missed(since: last, at: now)
    }

    /// A warn is neither: it does not end a failure, and is none. A part of a procedure that passed ends none either.
    private static func lastFailure(_ rows: [RunRow], _ store: any JournalStore) async throws -> String? {
        for row in rows {
            switch row.verdict {
            case .warn?, nil: continue
            case .fail?, .unknown?: return row.id
            case .pass?:
                // A record that this version cannot read is no reason not to run.
                guard let first = try await store.records(of: row.id).first,
                    case .started(let start)? = try? decodeJSON(RunEvent.self, first.body), !start.isWhole
                else { return nil }
            }
        }
        return nil
    }
}

/// Which occurrences of a schedule nobody kept: a run keeps one when it begins from shortly before until some time
/// after it.
struct Punctuality {
    private let schedule: Schedule
    private let zone: Zone
    /// How late a run may begin; `nil` for half of the time until the next, at most an hour.
    private let lateness: Duration?

    init(_ schedule: Schedule, in zone: Zone, lateness: Duration? = nil) {
        self.schedule = schedule
        self.zone = zone
        self.lateness = lateness
    }

    /// The occurrences after a run that began at `last`, and too long before `now` for the run that begins then.
    func missed(since last: Instant, at now: Instant) -> MissedOccurrences? {
        // A run that began shortly before an occurrence kept it.
        guard let first = schedule.next(after: last, in: zone) else { return nil }
        let early = min(EngineLimits.earliness, interval(after: first) / 4)
        let begin = last + early
        var count = 0
        var next = schedule.next(after: begin, in: zone)
        while let occurrence = next, occurrence <= now, count <= Limits.missedCounted {
            if isMissed(occurrence, at: now) { count += 1 }
            next = schedule.next(after: occurrence, in: zone)
        }
        guard count > 0 else { return nil }
        return MissedOccurrences(
            schedule: schedule.text, count: min(count, Limits.missedCounted), isAtLeast: count > Limits.missedCounted,
            latest: latest(after: begin, at: now))
    }

    private func latest(after begin: Instant, at now: Instant) -> [Instant] {
        var found: [Instant] = []
        var next = schedule.previous(atOrBefore: now, in: zone)
        while let occurrence = next, occurrence > begin, found.count < Limits.missedListed {
            if isMissed(occurrence, at: now) { found.append(occurrence) }
            next = schedule.previous(atOrBefore: occurrence - .microseconds(1), in: zone)
        }
        return found.reversed()
    }

    private func isMissed(_ occurrence: Instant, at now: Instant) -> Bool {
        now >= occurrence + (lateness ?? min(EngineLimits.lateness, interval(after: occurrence) / 2))
    }

    private func interval(after occurrence: Instant) -> Duration {
        schedule.next(after: occurrence, in: zone).map { $0 - occurrence } ?? EngineLimits.lateness
    }
}
