import FoundationEssentials
import Host

/// The texts of a message's header (RFC 5322), so written that nothing in them can begin another line.
enum MailHeader {
    /// `Name: value`, the value being safe already.
    static func line(_ name: String, _ value: String) -> String { "\(name): \(value)\r\n" }

    /// Any text as an unstructured value: as it is where it is short and plain, else as encoded words (RFC 2047).
    static func text(_ text: String) -> String {
        let clean = String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? " " : $0 }))
        let isPlain = clean.utf8.allSatisfy { (32..<127).contains($0) } && !clean.contains("=?")
        // A line holds 78 characters with the header's name, and must not exceed 998.
        return isPlain && clean.utf8.count <= 60 ? clean : encodedWords(clean)
    }

    static func address(_ address: MailAddress) -> String {
        guard let name = address.name else { return address.address }
        let isPlain = name.utf8.allSatisfy { (32..<127).contains($0) } && !name.contains("=?") && name.utf8.count <= 60
        guard isPlain else { return "\(encodedWords(name)) <\(address.address)>" }
        let quoted = name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(quoted)\" <\(address.address)>"
    }

    /// `Sun, 22 Nov 2026 02:00:07 +0000`.
    static func date(_ instant: Instant) -> String {
        let seconds = instant.secondsSinceEpoch
        let day = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
        let date = CivilDate(daysSinceEpoch: day)
        let rest = seconds - day * 86_400
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let weekday = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][date.weekday]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(weekday), \(two(date.day)) \(months[Int(date.month) - 1]) \(date.year) "
            + "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)) +0000"
    }

    /// Each word has at most 75 characters and ends between two characters of the text.
    private static func encodedWords(_ text: String) -> String {
        var words: [String] = []
        var bytes: [UInt8] = []
        func flush() {
            if !bytes.isEmpty { words.append("=?utf-8?B?\(Data(bytes).base64EncodedString())?=") }
            bytes = []
        }
        for scalar in text.unicodeScalars {
            let next = Array(String(scalar).utf8)
            if bytes.count + next.count > 45 { flush() }
            bytes += next
        }
        flush()
        return words.joined(separator: "\r\n ")
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: scalar.properties.isBidiControl
        }
    }
}
