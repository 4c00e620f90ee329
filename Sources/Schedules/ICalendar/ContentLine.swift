/// A line of iCalendar: `DTSTART;TZID=Europe/Berlin:20260104T020000` (RFC 5545, 3.1).
struct ContentLine: Hashable, Sendable {
    /// In capitals.
    let name: String
    /// The names in capitals; of several values the first, without its quotes.
    let parameters: [String: String]
    let value: String

    /// `nil` where there is no name with a value.
    init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        var isQuoted = false
        var ends: [Int] = []
        var colon: Int?
        for (place, byte) in bytes.enumerated() where colon == nil {
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ";") where !isQuoted: ends.append(place)
            case UInt8(ascii: ":") where !isQuoted: colon = place
            default: break
            }
        }
        guard let colon else { return nil }
        let pieces = zip([-1] + ends, ends + [colon]).map { bytes[($0 + 1)..<$1] }
        guard let first = pieces.first, !first.isEmpty, first.allSatisfy(Self.isNamePart) else { return nil }
        name = String(decoding: first, as: UTF8.self).uppercased()
        var parameters: [String: String] = [:]
        for piece in pieces.dropFirst() {
            guard let equals = piece.firstIndex(of: UInt8(ascii: "=")), equals > piece.startIndex,
                piece[..<equals].allSatisfy(Self.isNamePart)
            else { return nil }
            var value = piece[(equals + 1)...]
            if value.first == UInt8(ascii: "\"") {
                value = value.dropFirst().prefix { $0 != UInt8(ascii: "\"") }
            } else {
                value = value.prefix { $0 != UInt8(ascii: ",") }
            }
            parameters[String(decoding: piece[..<equals], as: UTF8.self).uppercased()] = String(
                decoding: value, as: UTF8.self)
        }
        self.parameters = parameters
        value = String(decoding: bytes[(colon + 1)...], as: UTF8.self)
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    var zone: String? { parameters["TZID"] }

    /// The times of a DTSTART, an EXDATE or an RDATE, of a period its start; the error names what is wrong.
    func times() throws(ScheduleError) -> [ICalendarTime] {
        let kind = parameters["VALUE"]?.uppercased() ?? "DATE-TIME"
        guard ["DATE", "DATE-TIME", "PERIOD"].contains(kind) else {
            throw ScheduleError("VALUE=\(kind) of \(name) is no kind of time; they are DATE and DATE-TIME")
        }
        var times: [ICalendarTime] = []
        for item in value.split(separator: ",", omittingEmptySubsequences: false) {
            let text = kind == "PERIOD" ? item.prefix { $0 != "/" } : item
            guard let time = ICalendarTime(text) else {
                throw ScheduleError(
                    "`\(text.prefix(40))` of \(name) is no time; write it like `\(name):20260104T020000`, or "
                        + "`\(name);VALUE=DATE:20260104`")
            }
            guard parameters["VALUE"] == nil || time.isDate == (kind == "DATE") else {
                throw ScheduleError("`\(text)` of \(name) is not what its VALUE=\(kind) says")
            }
            guard !time.isUTC || zone == nil else {
                throw ScheduleError("\(name) has a TZID and a time in UTC; leave one of the TZID and the Z out")
            }
            times.append(time)
        }
        return times
    }
}
