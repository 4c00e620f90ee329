public import Dispatching
public import Host
public import Schedules

/// A dispatcher's entry as the journal keeps it.
struct StoredEntry: Encodable {
    enum Kind: String, Encodable { case timed, paused, resumed, removed, admitted, postponed, begun, ended, missed }

    let kind: Kind
    let service: String
    let environment: String
    let procedure: String
    var timing: StoredTiming?
    var isEnabled: Bool?
    var from: Instant?
    var nominal: Instant?
    var notBefore: Instant?
    var deadline: Instant?
    var trigger: String?
    var locks: [String]?
    var isDisruptive: Bool?
    var last: Instant?
    var count: Int?
    var isAtLeast: Bool?
    var cause: String?

    private init(_ kind: Kind, _ key: ProcedureKey) {
        self.kind = kind
        service = key.service
        environment = key.environment
        procedure = key.procedure
    }

    init(_ entry: DispatchEntry) {
        switch entry {
        case .timed(let key, let timing, let isEnabled, let from):
            self.init(.timed, key)
            self.timing = StoredTiming(timing)
            self.isEnabled = isEnabled
            self.from = from
        case .paused(let key): self.init(.paused, key)
        case .resumed(let key): self.init(.resumed, key)
        case .removed(let key): self.init(.removed, key)
        case .admitted(let occurrence, let notBefore, let deadline, let trigger):
            self.init(.admitted, occurrence.procedure)
            nominal = occurrence.nominal
            self.notBefore = notBefore
            self.deadline = deadline
            self.trigger = trigger
        case .postponed(let occurrence, let notBefore, let deadline):
            self.init(.postponed, occurrence.procedure)
            nominal = occurrence.nominal
            self.notBefore = notBefore
            self.deadline = deadline
        case .begun(let occurrence, let claims):
            self.init(.begun, occurrence.procedure)
            nominal = occurrence.nominal
            locks = claims.locks
            isDisruptive = claims.isDisruptive
        case .ended(let occurrence):
            self.init(.ended, occurrence.procedure)
            nominal = occurrence.nominal
        case .missed(let row):
            self.init(.missed, row.procedure)
            nominal = row.first
            last = row.last
            count = row.count
            isAtLeast = row.isAtLeast
            cause = row.cause.rawValue
            trigger = row.trigger
        }
    }

    /// `nil` for an entry that this version cannot have written.
    func entry(_ timings: TimingReader) -> DispatchEntry? {
        let key = ProcedureKey(service: service, environment: environment, procedure: procedure)
        let occurrence = nominal.map { Dispatching.Occurrence(key, $0) }
        switch kind {
        case .paused: return .paused(key)
        case .resumed: return .resumed(key)
        case .removed: return .removed(key)
        case .timed:
            guard let timing, let from else { return nil }
            return .timed(key, timings.timing(timing, of: key), isEnabled: isEnabled ?? true, from: from)
        case .admitted:
            guard let occurrence, let notBefore, let deadline else { return nil }
            return .admitted(occurrence, notBefore: notBefore, deadline: deadline, trigger: trigger)
        case .postponed:
            guard let occurrence, let notBefore, let deadline else { return nil }
            return .postponed(occurrence, notBefore: notBefore, deadline: deadline)
        case .begun:
            guard let occurrence else { return nil }
            return .begun(occurrence, Claims(locks: locks ?? [], isDisruptive: isDisruptive ?? false))
        case .ended: return occurrence.map { .ended($0) }
        case .missed:
            guard let nominal, let cause = cause.flatMap(MissCause.init) else { return nil }
            return .missed(
                MissedRow(
                    procedure: key, first: nominal, last: last ?? nominal, count: count ?? 1,
                    isAtLeast: isAtLeast ?? false, cause: cause, trigger: trigger))
        }
    }
}

/// A timing in its own words.
struct StoredTiming: Encodable {
    var schedule: String?
    /// A fact or an agreement.
    var occasion: String?
    var policy: ClockChangeChoice?
    var timezone: String?
    var trigger: String?

    init(_ timing: OccurrenceSource) {
        switch timing {
        case .schedule(let schedule, let zone):
            self.schedule = schedule.text
            policy = schedule.policy
            timezone = zone.name
        case .relative(let occasion, let zone):
            self.occasion = occasion.text
            policy = occasion.policy
            timezone = zone.name
        case .triggered(let trigger): self.trigger = trigger
        }
    }
}

/// Reads timings again. What cannot be read any more waits for its plan, as a new schedule.
public final class TimingReader: Sendable {
    private let calendars: @Sendable (_ service: String) -> [String: HolidayCalendar]
    private let inForce: @Sendable (ProcedureKey) -> OccurrenceSource?
    private let zones: ZoneShelf

    /// - Parameter inForce: By what a procedure occurs as its plan has it: what the journal says in the same words need not
    ///   be read again, and may be what only its plan can tell, such as `24 hours before weekly`.
    public init(
        host: Host, calendars: @escaping @Sendable (String) -> [String: HolidayCalendar],
        inForce: @escaping @Sendable (ProcedureKey) -> OccurrenceSource? = { _ in nil }
    ) {
        self.calendars = calendars
        self.inForce = inForce
        zones = ZoneShelf(host: host)
    }

    func timing(_ stored: StoredTiming, of key: ProcedureKey) -> OccurrenceSource {
        let planned = inForce(key)
        if case .schedule(let schedule, let zone)? = planned, let planned, schedule.text == stored.schedule,
            schedule.policy == stored.policy, zone.name == stored.timezone
        {
            return planned
        }
        if let text = stored.occasion, let zone = stored.timezone.flatMap(zones.zone),
            case .relative(let occasion)? = try? Occasion(
                text, policy: stored.policy, calendars: calendars(key.service))
        {
            return .relative(occasion, zone)
        }
        guard let text = stored.schedule, let zone = stored.timezone.flatMap(zones.zone),
            let schedule = (try? Schedule(text, policy: stored.policy))
                ?? (try? Schedule(text, policy: stored.policy, calendars: calendars(key.service)))
        else { return .triggered(by: stored.trigger ?? stored.occasion ?? stored.schedule ?? "") }
        return .schedule(schedule, zone)
    }
}
