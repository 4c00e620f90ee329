public import Host

/// What the journal knows of the dispatcher: its entries, folded.
public struct DispatchRecord: Sendable {
    public struct Procedure: Sendable {
        public package(set) var timing: OccurrenceSource
        public package(set) var isEnabled: Bool
        public package(set) var isPaused = false
        public package(set) var isRemoved = false
        /// Everything up to it is decided. It never goes back.
        public package(set) var cursor: Instant
        /// Of what hangs on events and agreements: since when it is waited for.
        public package(set) var since: Instant?
        public package(set) var triggers: [String] = []
        public package(set) var lastMiss: MissCause?
        public package(set) var missed: [MissCause: Int] = [:]
        public package(set) var open: [Open] = []

        package init(timing: OccurrenceSource, isEnabled: Bool, cursor: Instant) {
            self.timing = timing
            self.isEnabled = isEnabled
            self.cursor = cursor
        }
    }

    /// An occurrence that is to have a run, and whose run is not over.
    public struct Open: Sendable {
        public let nominal: Instant
        public package(set) var notBefore: Instant
        public package(set) var deadline: Instant
        /// Set once its run was about to be begun.
        public package(set) var claims: Claims?
        /// The journal has a run of it.
        public package(set) var hasRun = false

        package init(nominal: Instant, notBefore: Instant, deadline: Instant, claims: Claims? = nil) {
            self.nominal = nominal
            self.notBefore = notBefore
            self.deadline = deadline
            self.claims = claims
        }
    }

    public package(set) var procedures: [ProcedureKey: Procedure] = [:]

    public init() {}

    /// Occurrences whose run was about to be begun: of these the shell looks for a run.
    public var begun: [Occurrence] {
        procedures.flatMap { key, procedure in
            procedure.open.filter { $0.claims != nil }.map { Occurrence(key, $0.nominal) }
        }
    }

    /// Those of them that have a run, as far as it was noted.
    public var begunWithRun: [Occurrence] {
        procedures.flatMap { key, procedure in
            procedure.open.filter { $0.claims != nil && $0.hasRun }.map { Occurrence(key, $0.nominal) }
        }
    }

    /// The journal has a run of the occurrence, over or not.
    public mutating func noteRun(of occurrence: Occurrence) {
        update(occurrence) { $0.hasRun = true }
    }

    public mutating func apply(_ entry: DispatchEntry) {
        switch entry {
        case .timed(let key, let timing, let isEnabled, let from):
            var procedure =
                procedures[key] ?? Procedure(timing: timing, isEnabled: isEnabled, cursor: from)
            let goesOn = procedure.timing.topic == timing.topic && !procedure.isRemoved
            procedure.since = timing.topic == nil ? nil : goesOn ? procedure.since ?? from : from
            procedure.timing = timing
            procedure.isEnabled = isEnabled
            procedure.isRemoved = false
            procedure.cursor = max(procedure.cursor, from)
            procedures[key] = procedure
        case .paused(let key): procedures[key]?.isPaused = true
        case .resumed(let key): procedures[key]?.isPaused = false
        case .removed(let key):
            procedures[key]?.isRemoved = true
            procedures[key]?.isPaused = false
        case .admitted(let occurrence, let notBefore, let deadline, let trigger):
            let open = Open(nominal: occurrence.nominal, notBefore: notBefore, deadline: deadline)
            procedures[occurrence.procedure]?.open.append(open)
            consider(occurrence.procedure, through: occurrence.nominal, trigger)
        case .postponed(let occurrence, let notBefore, let deadline):
            update(occurrence) { open in
                open.notBefore = notBefore
                open.deadline = deadline
                open.claims = nil
            }
        case .begun(let occurrence, let claims):
            update(occurrence) { $0.claims = claims }
            procedures[occurrence.procedure]?.lastMiss = nil
        case .ended(let occurrence):
            procedures[occurrence.procedure]?.open.removeAll { $0.nominal == occurrence.nominal }
        case .missed(let row):
            procedures[row.procedure]?.open.removeAll { $0.nominal == row.first }
            procedures[row.procedure]?.lastMiss = row.cause
            procedures[row.procedure]?.missed[row.cause, default: 0] += row.count
            consider(row.procedure, through: row.last, row.trigger)
        }
    }

    private mutating func consider(_ key: ProcedureKey, through instant: Instant, _ trigger: String?) {
        guard let cursor = procedures[key]?.cursor else { return }
        procedures[key]?.cursor = max(cursor, instant)
        guard let trigger else { return }
        procedures[key]?.triggers.remember(trigger)
    }

    private mutating func update(_ occurrence: Occurrence, _ change: (inout Open) -> Void) {
        guard let index = procedures[occurrence.procedure]?.open.firstIndex(where: { $0.nominal == occurrence.nominal })
        else { return }
        if var open = procedures[occurrence.procedure]?.open[index] {
            change(&open)
            procedures[occurrence.procedure]?.open[index] = open
        }
    }
}

extension [String] {
    mutating func remember(_ trigger: String) {
        if count == DispatchLimits.rememberedTriggers { removeFirst() }
        append(trigger)
    }
}
