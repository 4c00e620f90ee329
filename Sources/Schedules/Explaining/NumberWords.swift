/// Numbers of a field in words.
enum NumberWords {
    /// `1 to 7, 15 and 31`: runs of three and more as ranges.
    static func ranges(in bits: UInt64) -> String {
        var items: [String] = []
        var number = 0
        while number < 64 {
            guard bits >> UInt64(number) & 1 == 1 else {
                number += 1
                continue
            }
            var end = number
            while end < 63, bits >> UInt64(end + 1) & 1 == 1 { end += 1 }
            if end - number >= 2 {
                items.append("\(number) to \(end)")
            } else {
                items += (number...end).map(String.init)
            }
            number = end + 1
        }
        return Schedule.list(items)
    }
}
