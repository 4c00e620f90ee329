import Host
public import Maintenance
public import Schedules

/// What follows a step that did not succeed.
public enum OnFailure: String, Codable, Sendable, WordValue {
    /// The steps after it are skipped.
    case stop
    case `continue`
    /// What the step did and the changes that it stands on are taken back, then as `stop`.
    case undo
}

/// The type of what is given to a run.
public enum InputType: String, Codable, Sendable, WordValue {
    case text, number, boolean, duration, bytes, percentage, age, list

    /// The unit of measure of a number that people give; `nil` for what is no number.
    var unit: UnitOfMeasure? {
        switch self {
        case .number, .boolean: .count
        case .duration: .seconds
        case .bytes: .bytes
        case .percentage: .percent
        case .text, .age, .list: nil
        }
    }

    /// A number that people give, for conditions; `nil` for what is no number.
    public func measurement(_ name: String, of text: String) -> Measurement? {
        guard let unit else { return nil }
        let value = PlanValue.text(text)
        let number: Double? =
            switch self {
            case .number: try? Double.read(value)
            case .boolean: (try? Bool.read(value)).map { $0 ? 1 : 0 }
            case .duration: (try? Duration.read(value))?.inSeconds
            case .bytes: (try? ByteCount.read(value)).map { Double($0.bytes) }
            case .percentage: (try? Share.read(value))?.percent
            case .text, .age, .list: nil
            }
        return number.map { Measurement(name, $0, unit) }
    }

    /// What is wrong with a value of this type.
    public func mistake(in value: PlanValue) -> ValueError? {
        do {
            switch self {
            case .text: _ = try String.read(value)
            case .number: _ = try Double.read(value)
            case .boolean: _ = try Bool.read(value)
            case .duration: _ = try Duration.read(value)
            case .bytes: _ = try ByteCount.read(value)
            case .percentage: _ = try Share.read(value)
            case .age: _ = try Age.read(value)
            case .list: _ = try [String].read(value)
            }
        } catch {
            return error
        }
        return nil
    }
}

extension WindowEnd: WordValue {}
extension ClockChangePolicy.Gap: WordValue {}
extension ClockChangePolicy.Overlap: WordValue {}

/// What becomes of occurrences that passed without a run.
public enum CatchUpRule: String, Codable, Sendable, WordValue { case all, last, none }

/// What becomes of an occurrence while the run before it is not over.
public enum OverlapRule: String, Codable, Sendable, WordValue { case skip, queue, replace }

/// What a report shows.
public enum ReportTemplate: String, Codable, Sendable, WordValue {
    /// One run: verdict, steps, findings, evidence.
    case run
    /// The checks of one run on one screen, against the day before.
    case daily
    /// The seven days before a run: every run of the service, trends, issues, what is to do.
    case weekly
}

/// The form in which a report is written.
public enum ReportFormat: String, Codable, Sendable, WordValue {
    case md, html, json
}

/// From which impact on a step needs a window. Disruptive work always does: a policy may tighten that, never loosen it.
public enum WindowRule: String, Codable, Sendable, WordValue {
    case disruptive, online

    var impact: Impact { self == .online ? .online : .disruptive }
}

/// The highest impact that a step may have.
public enum ImpactRule: String, Codable, Sendable, WordValue {
    case observe, online, disruptive

    var impact: Impact {
        switch self {
        case .observe: .observe
        case .online: .online
        case .disruptive: .disruptive
        }
    }
}
