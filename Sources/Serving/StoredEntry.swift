import Dispatching
public import Host
public import Schedules
import Synchronization

/// A dispatcher's entry as the journal keeps it.
struct StoredEntry: Codable {
    enum Kind: String, Codable { case timed, paused, resumed, removed, admitted, postponed, begun, ended, missed }

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
            return .timed(key, timings.timing(timing, of: service), isEnabled: isEnabled ?? true, from: from)
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
struct StoredTiming: Codable {
    var schedule: String?
    var policy: ClockChangePolicy?
    var timezone: String?
    var trigger: String?

    init(_ timing: OccurrenceSource) {
        switch timing {
        case .schedule(let schedule, let zone):
            self.schedule = schedule.text
            policy = schedule.policy
            timezone = zone.name
        case .triggered(let trigger): self.trigger = trigger
        }
    }
}

/// Reads timings again. What cannot be read any more waits for its plan, as a new schedule.
public final class TimingReader: Sendable {
    private let host: Host
    private let calendars: @Sendable (_ service: String) -> [String: HolidayCalendar]
    /// Each is read once: thousands of procedures have few zones.
    private let zones = Mutex<[String: Zone]>([:])

    public init(host: Host, calendars: @escaping @Sendable (String) -> [String: HolidayCalendar]) {
        self.host = host
        self.calendars = calendars
    }

    func timing(_ stored: StoredTiming, of service: String) -> OccurrenceSource {
        guard let text = stored.schedule, let name = stored.timezone,
            let zone = zone(name),
            let schedule = try? Schedule(text, policy: stored.policy, calendars: calendars(service))
        else { return .triggered(by: stored.trigger ?? stored.schedule ?? "") }
        return .schedule(schedule, zone)
    }

    private func zone(_ name: String) -> Zone? {
        zones.withLock { zones in
            if zones[name] == nil { zones[name] = try? Zone.load(name, host: host) }
            return zones[name]
        }
    }
}
