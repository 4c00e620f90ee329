/// The grammar of a JSON number; it has neither NaN nor Infinity, and what is too large for a finite value is refused.
public enum JSONNumber {
    /// The number that the whole text writes; `nil` where it writes none.
    public static func parse(_ bytes: some Collection<UInt8>) -> Double? {
        var rest = Array(bytes)[...]
        func figures() -> Int { rest.prefix { (48...57).contains($0) }.count }
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        let whole = figures()
        guard whole > 0, whole == 1 || rest.first != UInt8(ascii: "0") else { return nil }
        rest = rest.dropFirst(whole)
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            let fraction = figures()
            guard fraction > 0 else { return nil }
            rest = rest.dropFirst(fraction)
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
            let exponent = figures()
            guard exponent > 0 else { return nil }
            rest = rest.dropFirst(exponent)
        }
        guard rest.isEmpty, let number = Double(String(decoding: bytes, as: UTF8.self)), number.isFinite else {
            return nil
        }
        return number
    }
}
