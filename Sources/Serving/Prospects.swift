public import Dispatching
public import Host
public import Journal
public import Maintenance
public import Plans
public import Schedules

/// Where procedures stand that hang on facts and agreements, as a journal has it; nothing is done about it.
public struct Prospects: Sendable {
    private let store: any JournalStore
    private let host: Host
    private let catalogue: Catalogue

    public init(store: any JournalStore, host: Host, catalogue: Catalogue) {
        self.store = store
        self.host = host
        self.catalogue = catalogue
    }

    public func standings(of plans: [Plan]) async throws -> [ProcedureKey: Standing] {
        let procedures = plans.flatMap { $0.dispatched(catalogue) }.filter { $0.isRelative && $0.isEnabled }
        guard !procedures.isEmpty else { return [:] }
        let byService = Dictionary(plans.map { ($0.service, $0) }) { first, _ in first }
        let timings = Dictionary(procedures.map { ($0.key, $0.timing) }) { first, _ in first }
        var ledger = DispatchLedger(store: store, host: host)
        try await ledger.open(
            TimingReader(host: host, calendars: { byService[$0]?.calendars ?? [:] }, inForce: { timings[$0] }))
        let now = host.now()
        let seen = try await FactFinder(store: store, catalogue: catalogue) { byService[$0] }.find(procedures, at: now)
        // A dispatcher of its own, whose commands nobody performs.
        let clock = ClockReading(wall: now, steady: host.steady())
        var dispatcher = Dispatcher(ledger.record)
        var commands = dispatcher.handle(.plans(changed: procedures, removed: []), at: clock)
        for (key, seen) in seen { commands += dispatcher.handle(.seen(key, seen), at: clock) }
        var standings: [ProcedureKey: Standing] = [:]
        for key in seen.keys { standings[key] = standing(of: key, dispatcher, ledger.record, seen[key]) }
        for case .record(.admitted(let occurrence, _, _, _)) in commands {
            standings[occurrence.procedure] = .next(occurrence.nominal)
        }
        return standings
    }

    /// The period of an agreement that was never served begins when it is.
    private func standing(
        of key: ProcedureKey, _ dispatcher: Dispatcher, _ record: DispatchRecord, _ seen: Seen?
    ) -> Standing? {
        let isServed = record.procedures[key].map { !$0.isRemoved } ?? false
        if case .done(nil)? = seen, !isServed { return .agreed(overdue: nil) }
        return dispatcher.standing(of: key)
    }
}

extension Standing {
    /// For people, of a procedure that hangs on a fact or an agreement.
    public func words(_ occasion: RelativeOccasion) -> String {
        switch self {
        case .next(let at): "\(occasion.text); due \(at)"
        case .unseen(let reason): "\(occasion.text); \(reason)"
        case .agreed(let overdue?): "by agreement; overdue from \(overdue)"
        case .agreed(nil): occasion.text
        case .overdue(let since): "by agreement; overdue since \(since)"
        case .triggered:
            occasion.event == nil
                ? "\(occasion.text); the last time was seen to, and no other was seen yet"
                : "\(occasion.text); nobody has told of one that was not seen to"
        case .exhausted, .withoutPlan, .disabled, .paused, .unexplained: occasion.text
        }
    }
}
