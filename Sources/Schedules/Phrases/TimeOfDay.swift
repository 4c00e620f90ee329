/// A time on the clock, as a schedule writes it: `09:00`, `09:00:30`.
struct TimeOfDay: Hashable {
    let second: Int

    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), (1...2).contains(parts[0].count),
            parts.dropFirst().allSatisfy({ $0.count == 2 }), parts.joined().allSatisfy({ (48...57).contains($0) })
        else { return nil }
        let values = parts.compactMap { Int(Substring($0)) }
        guard values.count == parts.count, values[0] < 24, values.dropFirst().allSatisfy({ $0 < 60 }) else {
            return nil
        }
        second = values[0] * 3600 + values[1] * 60 + (values.count == 3 ? values[2] : 0)
    }

    static func text(_ second: Int) -> String {
        let parts = [second / 3600, second / 60 % 60] + (second % 60 == 0 ? [] : [second % 60])
        return parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}
