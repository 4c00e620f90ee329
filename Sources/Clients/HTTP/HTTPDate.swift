public import Host

/// Dates of HTTP headers: `Sat, 21 Nov 2026 11:52:05 GMT`, and the two older forms that RFC 9110 still has read.
public enum HTTPDate {
    /// `nil` where the text is no date.
    public static func instant(_ text: String) -> Instant? {
        let words = text.split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
        if words.count == 6, words[5] == "GMT" || words[5] == "UTC" {
            return instant(day: words[1], month: words[2], year: words[3], time: words[4])
        }
        if words.count == 5 { return instant(day: words[2], month: words[1], year: words[4], time: words[3]) }
        return nil
    }

    private static func instant(day: String, month: String, year: String, time: String) -> Instant? {
        guard let index = months.firstIndex(of: month), let day = Int(day), (1...31).contains(day),
            var number = Int(year)
        else { return nil }
        if year.count == 2 { number += number < 70 ? 2000 : 1900 }
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return Instant("\(number)-\(two(index + 1))-\(two(day))T\(time)Z")
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
