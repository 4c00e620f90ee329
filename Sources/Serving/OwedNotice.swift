import Dispatching
import Host

/// A notice of missed occurrences that somebody is to have. It is durable together with their rows, and owed until each
/// of its channels is over: what a crash leaves of it is made up for at the next start.
public struct OwedNotice: Codable, Hashable, Sendable {
    /// The same in every attempt.
    let id: String
    let service: String
    let environment: String
    let procedure: String
    let count: Int
    let isAtLeast: Bool
    /// The instants that it lists, oldest first.
    let latest: [Instant]
    let causes: [MissCause]
    /// Those that are not over.
    var channels: [String: State]

    enum State: String, Codable {
        /// It certainly was not sent. Goes to `sending`.
        case owed
        /// It is being sent, or was when a process died: then nobody knows. Goes to `owed`, or is over.
        case sending
    }

    /// How far a channel has come.
    public struct Note: Codable, Hashable, Sendable {
        enum Step: String, Codable {
            /// It is about to be sent.
            case sending
            /// It certainly was not sent, and is tried again.
            case notSent = "not-sent"
            /// It was sent, or is not sent any more.
            case over
        }

        let id: String
        let channel: String
        let step: Step
    }

    fileprivate var latestInstant: Instant { latest.last ?? Instant(secondsSinceEpoch: 0) }

    var key: ProcedureKey { ProcedureKey(service: service, environment: environment, procedure: procedure) }

    func note(_ channel: String, _ step: Note.Step) -> Note { Note(id: id, channel: channel, step: step) }
}

/// All that are owed, by their ids.
typealias OwedNotices = [String: OwedNotice]

extension OwedNotices {
    /// The oldest first.
    var inOrder: [OwedNotice] { values.sorted { ($0.latestInstant, $0.id) < ($1.latestInstant, $1.id) } }

    mutating func owe(_ notices: [OwedNotice]) {
        for notice in notices { self[notice.id] = notice }
    }

    /// A note of what is over already says nothing new.
    mutating func apply(_ notes: [OwedNotice.Note]) {
        for note in notes where self[note.id]?.channels[note.channel] != nil {
            switch note.step {
            case .sending: self[note.id]?.channels[note.channel] = .sending
            case .notSent: self[note.id]?.channels[note.channel] = .owed
            case .over: self[note.id]?.channels[note.channel] = nil
            }
            if self[note.id]?.channels.isEmpty == true { self[note.id] = nil }
        }
    }
}
