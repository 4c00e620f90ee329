public import Host
public import Schedules

/// When people are asked about a procedure before it is due: in runs of their own, which change nothing.
public struct AskingAhead: Sendable {
    /// The name of those runs' procedure.
    public let name: String
    /// When they are asked.
    public let schedule: Schedule
    /// How long that is before the procedure is due, the next time.
    public let lead: Duration
    /// The procedure's own.
    let occurrences: Schedule
    let relative: RelativeOccasion

    /// Under this name stands the asking about a procedure. No journal is to have it for anything else.
    public static func name(of procedure: String) -> String { procedure + ".asking" }

    /// The occurrence of the procedure that is asked about at that instant.
    public func occurrence(askedAt instant: Instant, in zone: Zone) -> Instant? {
        var next = occurrences.next(after: instant, in: zone)
        for _ in 0..<PlanLimits.askedAhead {
            guard let occurrence = next else { return nil }
            if let asked = relative.instant(from: occurrence, in: zone), asked >= instant { return occurrence }
            next = occurrences.next(after: occurrence, in: zone)
        }
        return nil
    }
}

/// The occurrence that a run asks people about.
public struct RunAsking: Codable, Hashable, Sendable {
    public let procedure: String
    public let nominal: Instant

    public init(procedure: String, nominal: Instant) {
        self.procedure = procedure
        self.nominal = nominal
    }
}
