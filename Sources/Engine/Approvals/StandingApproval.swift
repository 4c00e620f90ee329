public import Host
import Journal
import Maintenance

/// The word of a person that a step of a procedure may go ahead without asking again, up to a limit of effect and until
/// an end.
public struct StandingApproval: Codable, Hashable, Sendable {
    /// What is said.
    public struct Terms: Codable, Hashable, Sendable {
        public let service: String
        public let environment: String
        public let procedure: String
        public let step: String
        /// What the step does and where, as who said it was shown.
        public let what: String
        /// A proposal's `work`: what it holds for.
        public let work: String
        /// It holds for no more units than that, and no greater size of them.
        public let limit: Double
        public let until: Instant
        public let reason: String

        public init(
            service: String, environment: String, procedure: String, step: String, what: String, work: String,
            limit: Double, until: Instant, reason: String
        ) {
            self.service = service
            self.environment = environment
            self.procedure = procedure
            self.step = step
            self.what = what
            self.work = work
            self.limit = limit
            self.until = until
            self.reason = reason
        }

        /// Why it is none that can stand.
        public func mistake(at now: Instant) -> String? {
            if !(limit > 0 && limit.isFinite) { return "The limit is a number above 0." }
            if until <= now { return "It ends at \(until), which is over." }
            if until - now > EngineLimits.standing {
                return "An approval stands for a year at most; give it again then."
            }
            if reason.isEmpty || reason.count > EngineLimits.standingReason {
                return "The reason has 1 to \(EngineLimits.standingReason) characters."
            }
            let names = [service, environment, procedure, step, work]
            return names.contains { $0.isEmpty || $0.utf8.count > 200 } || what.utf8.count > 1000
                ? "It does not say of which step it is." : nil
        }
    }

    /// `S3`: the third record of their chain.
    public let id: String
    /// The user of the operating system who owns the file in which it came.
    public let by: String
    public let at: Instant
    public let terms: Terms
    /// The file's name.
    let letter: String

    /// What it is to a run that comes to the step.
    var given: GivenApproval {
        GivenApproval(
            id: id, by: by, at: at, work: terms.work, units: terms.limit, size: terms.limit, until: terms.until,
            note: "\(id) stands until \(terms.until): \(terms.reason)")
    }
}

/// Somebody took an approval back.
struct TakenBack: Codable, Sendable {
    let id: String
    let by: String
    let at: Instant
    let letter: String
}

/// What the chain of approvals that stand says.
struct StandingRecord {
    private(set) var standing: [StandingApproval] = []
    private var letters: Set<String> = []

    init(_ records: [Record]) throws {
        try Record.verifyChain(records)
        for record in records {
            switch record.kind {
            case StandingApprovals.given: give(try decodeJSON(StandingApproval.self, record.body))
            case StandingApprovals.takenBack: take(try decodeJSON(TakenBack.self, record.body))
            default:
                throw JournalError(.corrupt, "Record \(record.sequence) of the approvals that stand cannot be read.")
            }
        }
    }

    func has(_ letter: String) -> Bool { letters.contains(letter) }

    /// How many of a person have not ended.
    func count(of person: String, at now: Instant) -> Int {
        standing.count { $0.by == person && now < $0.terms.until }
    }

    mutating func give(_ approval: StandingApproval) {
        standing.append(approval)
        letters.insert(approval.letter)
    }

    mutating func take(_ back: TakenBack) {
        standing.removeAll { $0.id == back.id }
        letters.insert(back.letter)
    }
}
