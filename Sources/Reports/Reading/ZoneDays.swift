public import Host
public import Schedules

/// The days of a zone as instants.
enum ZoneDays {
    static func day(of instant: Instant, in zone: Zone) -> CivilDate { zone.local(at: instant).date }

    /// Its first moment; where clocks were put forward over midnight, the first there is.
    static func start(of date: CivilDate, in zone: Zone) -> Instant {
        let midnight = LocalTime(date, secondOfDay: 0)
        return zone.instants(of: midnight).first ?? zone.endOfGap(over: midnight)
            ?? Instant(secondsSinceEpoch: date.daysSinceEpoch * 86_400)
    }
}

/// Whole days that are over: `from` belongs to it, `to` does not.
public struct ReportPeriod: Codable, Hashable, Sendable {
    public let from: Instant
    public let to: Instant
    public let timezone: String
    /// `2026-11-15`, in order.
    public let days: [String]

    /// The days before the one that the instant lies in.
    public init(days count: Int, before instant: Instant, in zone: Zone) {
        let today = ZoneDays.day(of: instant, in: zone).daysSinceEpoch
        let days = (today - Int64(count)..<today).map { CivilDate(daysSinceEpoch: $0) }
        to = ZoneDays.start(of: CivilDate(daysSinceEpoch: today), in: zone)
        from = days.first.map { ZoneDays.start(of: $0, in: zone) } ?? to
        timezone = zone.name
        self.days = days.map(\.description)
    }
}
