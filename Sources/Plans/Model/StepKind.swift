/// What a step is that calls no action of its own.
public enum StepKind: Codable, Hashable, Sendable {
    /// Lets time pass.
    case wait(microseconds: Int64)
    /// Asks people, and takes their answer as what was seen.
    case ask(RunQuestion)
    /// Takes back what an earlier step of the run did, unit by unit, the last first.
    case undo(step: String)
    /// Looks what its action would change and asks people about it; a later run changes it.
    case askAhead
}

/// A question to people.
public struct RunQuestion: Codable, Hashable, Sendable {
    public let text: String
    /// Users of the operating system who may answer; empty for everybody who can reach the run.
    public let from: [String]
    /// How long an answer is waited for.
    public let withinMicroseconds: Int64
    /// What is to be filled in; without any, yes or no.
    public let fields: [RunField]

    public init(text: String, from: [String], withinMicroseconds: Int64, fields: [RunField]) {
        self.text = text
        self.from = from
        self.withinMicroseconds = withinMicroseconds
        self.fields = fields
    }
}

/// One thing that people fill in.
public struct RunField: Codable, Hashable, Sendable {
    public let name: String
    public let type: InputType
    public let summary: String?
    public let isRequired: Bool

    public init(name: String, type: InputType, summary: String? = nil, isRequired: Bool = true) {
        self.name = name
        self.type = type
        self.summary = summary
        self.isRequired = isRequired
    }
}

/// Who must agree before a step changes anything, and for how long their word holds.
public struct RunApproval: Codable, Hashable, Sendable {
    /// Users of the operating system who may agree.
    public let by: [String]
    /// How many of them must.
    public let count: Int
    /// How long is waited for them.
    public let withinMicroseconds: Int64
    /// How long before the occurrence they are asked, in the plan's words; `nil` where the run asks as it comes to it.
    public let ahead: String?

    public init(by: [String], count: Int = 1, withinMicroseconds: Int64, ahead: String? = nil) {
        self.by = by
        self.count = count
        self.withinMicroseconds = withinMicroseconds
        self.ahead = ahead
    }
}

/// How long a check goes on, and how often it looks.
public struct SoakPolicy: Codable, Hashable, Sendable {
    public let lastsMicroseconds: Int64
    public let everyMicroseconds: Int64

    public init(lastsMicroseconds: Int64, everyMicroseconds: Int64) {
        self.lastsMicroseconds = lastsMicroseconds
        self.everyMicroseconds = everyMicroseconds
    }

    public var lasts: Duration { .microseconds(lastsMicroseconds) }
    public var every: Duration { .microseconds(everyMicroseconds) }
}
