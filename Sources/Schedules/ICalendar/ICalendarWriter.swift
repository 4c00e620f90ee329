public import Host

/// Writes a feed that calendar programs subscribe to (RFC 5545, with the properties of RFC 7986).
public struct ICalendarWriter: Sendable {
    /// One occurrence.
    public struct Event: Hashable, Sendable {
        /// What recurs: the same for all occurrences of a schedule, and of nothing else.
        public let series: String
        public let opens: Instant
        public let closes: Instant
        public let summary: String
        public let description: String

        public init(series: String, opens: Instant, closes: Instant, summary: String, description: String = "") {
            self.series = series
            self.opens = opens
            self.closes = closes
            self.summary = summary
            self.description = description
        }
    }

    private let name: String
    private let stamp: Instant
    private let refresh: Duration
    private var text = ""

    /// The stamp is when the feed was made; programs ask for it again after `refresh`.
    public init(name: String, stamp: Instant, refresh: Duration = .seconds(3600)) {
        self.name = name
        self.stamp = stamp
        self.refresh = refresh
    }

    /// The same events give the same bytes. A UID is made of the series and the opening, so that programs know an
    /// occurrence again, whatever else changed.
    public func feed(_ events: [Event]) -> String {
        var writer = self
        let every = "PT\(max(1, refresh.microseconds / 60_000_000))M"
        for line in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Millwright//Schedules//EN", "CALSCALE:GREGORIAN"] {
            writer.append(line)
        }
        writer.append("METHOD:PUBLISH")
        writer.append("NAME:\(Self.escaped(name))")
        writer.append("X-WR-CALNAME:\(Self.escaped(name))")
        writer.append("REFRESH-INTERVAL;VALUE=DURATION:\(every)")
        writer.append("X-PUBLISHED-TTL:\(every)")
        for event in events { writer.append(event) }
        writer.append("END:VCALENDAR")
        return writer.text
    }

    private mutating func append(_ event: Event) {
        let opens = Self.time(event.opens)
        append("BEGIN:VEVENT")
        append("UID:\(opens)-\(Self.escaped(event.series))")
        append("DTSTAMP:\(Self.time(stamp))")
        append("DTSTART:\(opens)")
        // An end must be later than the start; without one the event is a moment.
        if event.closes.secondsSinceEpoch > event.opens.secondsSinceEpoch { append("DTEND:\(Self.time(event.closes))") }
        append("SUMMARY:\(Self.escaped(event.summary))")
        if !event.description.isEmpty { append("DESCRIPTION:\(Self.escaped(event.description))") }
        append("END:VEVENT")
    }

    /// Folds at 75 octets, never within a character of more than one.
    private mutating func append(_ line: String) {
        var width = 0
        for scalar in line.unicodeScalars {
            let size = UTF8.width(scalar)
            if width + size > 75 {
                text += "\r\n "
                width = 1
            }
            text.unicodeScalars.append(scalar)
            width += size
        }
        text += "\r\n"
    }

    private static func time(_ instant: Instant) -> String { ICalendarTime.utc(instant.secondsSinceEpoch).text }

    /// As a TEXT (3.3.11); control characters, which it may not have, are left out.
    private static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", ";", ",": result.append(contentsOf: ["\\", scalar])
            case "\n" where previous == "\r": break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": result.append(contentsOf: ["\\", "n"])
            case "\t": result.append(scalar)
            default: if scalar.value >= 32, !(127...159).contains(scalar.value) { result.append(scalar) }
            }
            previous = scalar
        }
        return String(result)
    }
}
