import ClientPostgreSQL
import Journal
import Maintenance

/// The conditions that the journal's own functions raise.
enum RefusedState {
    static let conflict = "MW001"
    static let occurrenceTaken = "MW002"
    static let occurrenceChanged = "MW004"
    static let stale = "MW005"
    static let forked = "MW006"
    static let checkpointConflict = "MW007"
}

extension JournalError {
    /// An error of the server or of the way to it, in our words.
    init(_ error: any Error, _ identity: String) {
        switch error {
        case let error as JournalError: self = error
        case let error as SQLFailure where error.state == "53100":
            self.init(
                .full,
                "The disk that holds the journal in \(identity) is full. Nothing that was recorded is lost, and nothing "
                    + "new was recorded; make room and try again.")
        case let error as SQLFailure: self.init(.unreadable, "The journal could not be used. \(error.cause.sentence)")
        case let error as CouldNotLook where error.cause.code == .malformed:
            self.init(.unreadable, "The journal could not be used. \(error.cause.sentence)")
        case let error as CouldNotLook:
            self.init(.unreachable, "The journal could not be reached. \(error.cause.sentence)")
        case is DamagedRow:
            self.init(
                .corrupt,
                "The journal in \(identity) holds a value that no version wrote. Compare with a backup of the database."
            )
        default: self.init(.unreadable, "The journal in \(identity) could not be used: \(type(of: error)). Try again.")
        }
    }

    static func forked(_ identity: String, _ what: String) -> JournalError {
        JournalError(
            .forked,
            "The journal in \(identity) has lost what it had confirmed: \(what). A standby that lagged may have taken "
                + "over. Everything is held. Compare with the former primary, then follow \"After a fork\" in "
                + "docs/postgresql-journal.md.")
    }

    static func notContinued(_ run: String, _ sequence: Int) -> JournalError {
        JournalError(
            .conflict,
            "Record \(sequence) does not continue run \(run): somebody else wrote to it. Read the run again before going "
                + "on.", run: run)
    }

    static let checkpointRefused = JournalError(
        .checkpointConflict,
        "The checkpoint does not continue the newest one: another was written meanwhile. Make it anew.")

    /// It was sent, and the connection was lost before the answer.
    static func unknownOutcome(_ identity: String) -> JournalError {
        JournalError(
            .unreachable,
            "The connection to the journal in \(identity) was lost, and nothing there shows whether the last batch was "
                + "stored. Read it again before going on.")
    }
}
