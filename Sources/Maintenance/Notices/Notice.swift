public import Host

/// What people are told of: the words of `on` in a plan's `notices`.
public enum NoticeEvent: String, Codable, Sendable, CaseIterable, WordValue {
    /// The run ended with this verdict.
    case pass, warn, fail, unknown
    /// Occurrences passed without a run, or the window ended before all steps were begun.
    case missed
    /// The run passed after one that had failed or could not be known.
    case recovered
    /// The run ended, whatever its verdict.
    case ended
    /// A step waits for people: for approval, or for an answer.
    case asked
    /// A person tries a channel; no rule asks for it.
    case test

    /// A test is asked for by hand.
    public static var allCases: [NoticeEvent] { [.asked, .fail, .unknown, .missed, .warn, .pass, .recovered, .ended] }

    public static func read(_ value: PlanValue) throws(ValueError) -> NoticeEvent {
        let text = try scalar(value)
        guard let event = allCases.first(where: { $0.rawValue == text }) else {
            let hint = text.closest(among: allCases.map(\.rawValue)).map { ", did you mean `\($0)`?" } ?? ""
            throw ValueError("`\(text.prefix(80))` is not \(typeName)\(hint)")
        }
        return event
    }

    public init(_ verdict: Verdict) {
        switch verdict {
        case .pass: self = .pass
        case .warn: self = .warn
        case .fail: self = .fail
        case .unknown: self = .unknown
        }
    }
}

/// What a channel is given to send: a run's end in few words. A value without secrets: what the run saw was masked
/// before it was recorded, and the notice is masked again before it is.
public struct Notice: Codable, Hashable, Sendable {
    /// How many of a run's steps came to which verdict.
    public struct Counts: Codable, Hashable, Sendable {
        public var pass = 0
        public var warn = 0
        public var fail = 0
        public var unknown = 0
        /// Not run, for a stated reason.
        public var skipped = 0

        public init() {}
    }

    /// One thing that was found, by the step that found it.
    public struct Point: Codable, Hashable, Sendable {
        public let step: String
        public let severity: Verdict
        public let subject: String
        public let sentence: String
        public let advice: String?

        /// Texts are cut to the length that a notice has room for.
        public init(step: String, severity: Verdict, subject: String, sentence: String, advice: String? = nil) {
            self.step = step
            self.severity = severity
            self.subject = subject.cut(to: Limits.noticeSubject)
            self.sentence = sentence.cut(to: Limits.noticeSentence)
            self.advice = advice?.cut(to: Limits.noticeSentence)
        }
    }

    public var event: NoticeEvent
    public var service: String
    public var environment: String
    public var procedure: String
    public var run: String
    public var verdict: Verdict?
    public var counts: Counts
    /// The worst first; `morePoints` are not listed.
    public var points: [Point]
    public var morePoints: Int
    public var missed: MissedOccurrences?
    /// Steps that the window's end left undone, in whole or in part.
    public var leftSteps: [String]
    /// The earlier run that this one recovers from.
    public var recoversFrom: String?
    /// How to see more: a command.
    public var hint: String
    public var startedAt: Instant?
    public var at: Instant
    /// What a person wrote, of a test.
    public var text: String?

    public init(
        event: NoticeEvent, service: String, environment: String, procedure: String, run: String, verdict: Verdict?,
        counts: Counts = Counts(), points: [Point] = [], morePoints: Int = 0, missed: MissedOccurrences? = nil,
        leftSteps: [String] = [], recoversFrom: String? = nil, hint: String, startedAt: Instant? = nil, at: Instant,
        text: String? = nil
    ) {
        self.event = event
        self.service = service
        self.environment = environment
        self.procedure = procedure
        self.run = run
        self.verdict = verdict
        self.counts = counts
        self.points = points
        self.morePoints = morePoints
        self.missed = missed
        self.leftSteps = leftSteps
        self.recoversFrom = recoversFrom
        self.hint = hint
        self.startedAt = startedAt
        self.at = at
        self.text = text
    }
}

/// Planned instants that passed without a run.
public struct MissedOccurrences: Codable, Hashable, Sendable {
    /// The schedule, as the plan writes it.
    public let schedule: String
    public let count: Int
    /// True where counting stopped at its bound, and there were more.
    public let isAtLeast: Bool
    /// The latest of them, oldest first; at most `Limits.missedListed`.
    public let latest: [Instant]

    public init(schedule: String, count: Int, isAtLeast: Bool, latest: [Instant]) {
        self.schedule = schedule
        self.count = count
        self.isAtLeast = isAtLeast
        self.latest = latest
    }
}

extension String {
    /// At most `limit` characters, the last one an ellipsis where something was left out.
    func cut(to limit: Int) -> String {
        // A character may be a thousand scalars long; those count too.
        guard count > limit || unicodeScalars.count > 4 * limit else { return self }
        var scalars = UnicodeScalarView()
        scalars.append(contentsOf: prefix(limit - 1).unicodeScalars.prefix(4 * limit))
        return String(scalars) + "…"
    }
}
