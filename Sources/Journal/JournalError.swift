/// Why the journal could not be written or read.
public struct JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of error it is. Open: a store may name its own.
    public struct Code: RawRepresentable, Codable, Hashable, Sendable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// A record does not continue its run: somebody else wrote, or the caller's state is stale.
        public static let conflict = Code(rawValue: "journal-conflict")
        /// A checkpoint does not continue the newest one: another was written first.
        public static let checkpointConflict = Code(rawValue: "checkpoint-conflict")
        public static let occurrenceTaken = Code(rawValue: "occurrence-taken")
        public static let heldByAnother = Code(rawValue: "journal-held")
        public static let newerVersion = Code(rawValue: "journal-newer")
        public static let corrupt = Code(rawValue: "journal-corrupt")
        public static let full = Code(rawValue: "journal-full")
        public static let unreadable = Code(rawValue: "journal-unreadable")
        public static let notFound = Code(rawValue: "not-found")
        /// The beginning of a run's id fits several runs.
        public static let ambiguous = Code(rawValue: "ambiguous")
        /// The lease under which the batch was written is over, or another node's.
        public static let stale = Code(rawValue: "journal-stale")
        /// The store has lost records that it had confirmed: a copy that lagged took over.
        public static let forked = Code(rawValue: "journal-forked")
        /// The store could not be reached for as long as was tried.
        public static let unreachable = Code(rawValue: "journal-unreachable")
        /// A record or body is larger than its limit.
        public static let tooLarge = Code(rawValue: "journal-too-large")
    }

    public let code: Code
    /// What, where, and what to do next; free of data and secrets.
    public let sentence: String
    /// The run it is about; of `occurrenceTaken` the run that has the occurrence.
    public let run: String?
    /// The process that holds the journal.
    public let pid: Int32?
    /// Under which name a damaged journal was set aside; nothing is in its place.
    public let setAside: String?

    public init(
        _ code: Code, _ sentence: String, run: String? = nil, pid: Int32? = nil, setAside: String? = nil
    ) {
        self.code = code
        self.sentence = sentence
        self.run = run
        self.pid = pid
        self.setAside = setAside
    }

    public var description: String { sentence }

    /// EX_IOERR of sysexits.h; EX_TEMPFAIL where trying later helps: another process holds the journal or the run, or the
    /// store cannot be reached.
    public var exitCode: Int32 { [.heldByAnother, .stale, .unreachable].contains(code) ? 75 : 74 }
}

extension JournalError {
    static func conflict(_ run: String, sequence: Int, tip: ChainTip) -> JournalError {
        JournalError(
            .conflict,
            "Record \(sequence) does not continue run \(run), whose last record is \(tip.sequence): somebody else wrote "
                + "to it. Read the run again before going on.", run: run)
    }

    /// The occurrence has a run already; `run` names it.
    public static func occurrenceTaken(_ occurrence: Occurrence, by run: String) -> JournalError {
        JournalError(
            .occurrenceTaken,
            "\(occurrence) already has the run \(run), and one occurrence runs once. See `millwright show \(run)`.",
            run: run)
    }

    /// It was decided, and told, that the occurrence has no run.
    public static func occurrenceMissed(_ occurrence: Occurrence) -> JournalError {
        JournalError(
            .occurrenceTaken,
            "\(occurrence) is recorded as missed and gets no run. Start the procedure by hand instead.")
    }

    /// A run keeps its occurrence for life.
    public static func occurrenceChanged(_ row: RunRow) -> JournalError {
        JournalError(
            .conflict, "Run \(row.id) was begun for another occurrence than \(row.occurrence), and keeps the first.",
            run: row.id)
    }

    public static func ambiguous(_ prefix: String) -> JournalError {
        JournalError(
            .ambiguous,
            "Several runs have an id that begins with \(prefix). Give more of it; `millwright runs` lists them.")
    }

    /// The store was closed.
    public static let closed = JournalError(
        .unreadable, "The journal was used after it was closed; open it again.")
}
