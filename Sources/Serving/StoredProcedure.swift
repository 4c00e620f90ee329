import Dispatching
import Host

/// Where a procedure of the dispatcher's stands, as a picture in the journal keeps it.
struct StoredProcedure: Encodable {
    struct Open: Encodable {
        let nominal: Instant
        let notBefore: Instant
        let deadline: Instant
        let locks: [String]?
        let isDisruptive: Bool?
    }

    let service: String
    let environment: String
    let procedure: String
    let timing: StoredTiming
    let isEnabled: Bool
    let isPaused: Bool
    let isRemoved: Bool
    let cursor: Instant
    let since: Instant?
    let triggers: [String]
    let lastMiss: String?
    let missed: [String: Int]
    let open: [Open]
}

extension DispatchRecord {
    init(_ stored: [StoredProcedure], _ timings: TimingReader) {
        self.init()
        for one in stored {
            let key = ProcedureKey(service: one.service, environment: one.environment, procedure: one.procedure)
            let open = one.open.map { open in
                Open(
                    nominal: open.nominal, notBefore: open.notBefore, deadline: open.deadline,
                    claims: open.locks.map { Claims(locks: $0, isDisruptive: open.isDisruptive ?? false) })
            }
            let missed = one.missed.compactMap { name, count in MissCause(rawValue: name).map { ($0, count) } }
            var procedure = Procedure(
                timing: timings.timing(one.timing, of: key), isEnabled: one.isEnabled, cursor: one.cursor)
            procedure.isPaused = one.isPaused
            procedure.isRemoved = one.isRemoved
            procedure.since = one.since
            procedure.triggers = one.triggers
            procedure.lastMiss = one.lastMiss.flatMap(MissCause.init)
            procedure.missed = Dictionary(missed) { first, _ in first }
            procedure.open = open
            procedures[key] = procedure
        }
    }

    var stored: [StoredProcedure] {
        procedures.sorted { $0.key < $1.key }.map { key, one in
            StoredProcedure(
                service: key.service, environment: key.environment, procedure: key.procedure,
                timing: StoredTiming(one.timing), isEnabled: one.isEnabled, isPaused: one.isPaused,
                isRemoved: one.isRemoved, cursor: one.cursor, since: one.since, triggers: one.triggers,
                lastMiss: one.lastMiss?.rawValue,
                missed: Dictionary(one.missed.map { ($0.key.rawValue, $0.value) }) { first, _ in first },
                open: one.open.map { open in
                    StoredProcedure.Open(
                        nominal: open.nominal, notBefore: open.notBefore, deadline: open.deadline,
                        locks: open.claims?.locks, isDisruptive: open.claims?.isDisruptive)
                })
        }
    }
}
