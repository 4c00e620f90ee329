/// The events of a calendar file (RFC 5545), as far as they say which days they are on.
struct ICalendarFile: Hashable, Sendable {
    struct Event: Hashable, Sendable {
        /// Where it begins in the file.
        let line: Int
        fileprivate(set) var uid = ""
        fileprivate(set) var status = ""
        fileprivate(set) var start: ContentLine?
        fileprivate(set) var end: ContentLine?
        fileprivate(set) var duration: String?
        fileprivate(set) var rules: [String] = []
        fileprivate(set) var added: [ContentLine] = []
        fileprivate(set) var excluded: [ContentLine] = []
        /// The time of the recurring event of the same UID in whose place it is.
        fileprivate(set) var replaces: ContentLine?
    }

    private(set) var name: String?
    private(set) var events: [Event] = []
    private var open: [String] = []
    private var calendars = 0

    /// Reads a whole file; what is in it is only looked at. The error names the line.
    init(_ bytes: [UInt8]) throws(ScheduleError) {
        guard bytes.count <= ScheduleLimits.calendarFile else {
            throw ScheduleError("a calendar file has at most \(ScheduleLimits.calendarFile >> 20) MiB")
        }
        var line: [UInt8] = []
        var (number, begun) = (0, 0)
        let marked = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        for part in marked.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let text = part.last == UInt8(ascii: "\r") ? part.dropLast() : part
            if let first = text.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t"), begun > 0 {
                // A folded line goes on.
                line += text.dropFirst()
                guard line.count <= ScheduleLimits.calendarLine else { throw Self.wrong(begun, "it is too long") }
                continue
            }
            try read(line, begun)
            line = Array(text)
            begun = number
        }
        try read(line, begun)
        guard calendars > 0 else {
            throw ScheduleError("this is no calendar file: it has no line BEGIN:VCALENDAR")
        }
        if let last = open.last { throw ScheduleError("the calendar file ends within a \(last); it is not whole") }
    }

    static func wrong(_ line: Int, _ what: String) -> ScheduleError {
        ScheduleError("line \(line) of the calendar file cannot be read: \(what)")
    }

    private mutating func read(_ bytes: [UInt8], _ number: Int) throws(ScheduleError) {
        guard !bytes.isEmpty else { return }
        guard bytes.count <= ScheduleLimits.calendarLine else { throw Self.wrong(number, "it is too long") }
        guard let line = ContentLine(String(decoding: bytes, as: UTF8.self)) else {
            throw Self.wrong(number, "it is no name and value with a colon between them")
        }
        switch line.name {
        case "BEGIN": try begin(line.value.uppercased(), number)
        case "END":
            guard open.popLast() == line.value.uppercased() else {
                throw Self.wrong(number, "it ends what has not begun")
            }
        case "X-WR-CALNAME" where open == ["VCALENDAR"], "NAME" where open == ["VCALENDAR"]:
            name = name ?? Self.text(line.value)
        default:
            guard !open.isEmpty else { throw Self.wrong(number, "it stands outside of BEGIN:VCALENDAR and its end") }
            if open == ["VCALENDAR", "VEVENT"] { events[events.count - 1].read(line) }
        }
    }

    private mutating func begin(_ kind: String, _ number: Int) throws(ScheduleError) {
        guard open.count < ScheduleLimits.calendarDepth else { throw Self.wrong(number, "components are too deep") }
        guard kind != "VCALENDAR" || open.isEmpty else { throw Self.wrong(number, "a calendar within another") }
        if kind == "VCALENDAR" { calendars += 1 }
        open.append(kind)
        guard open == ["VCALENDAR", "VEVENT"] else { return }
        guard events.count < ScheduleLimits.calendarEvents else {
            throw ScheduleError("a calendar file has at most \(ScheduleLimits.calendarEvents) events")
        }
        events.append(Event(line: number))
    }

    /// Without the escapes of a TEXT (RFC 5545, 3.3.11), on one line.
    private static func text(_ value: String) -> String {
        var result = ""
        var isEscaped = false
        for character in value.prefix(ScheduleLimits.text) {
            if isEscaped {
                result.append(character == "n" || character == "N" ? " " : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                result.append(character)
            }
        }
        return result
    }
}

extension ICalendarFile.Event {
    fileprivate mutating func read(_ line: ContentLine) {
        switch line.name {
        case "UID": uid = line.value
        case "STATUS": status = line.value.uppercased()
        case "DTSTART": start = line
        case "DTEND": end = line
        case "DURATION": duration = line.value.uppercased()
        case "RRULE": rules.append(line.value)
        case "RDATE": added.append(line)
        case "EXDATE": excluded.append(line)
        case "RECURRENCE-ID": replaces = line
        default: break
        }
    }
}
