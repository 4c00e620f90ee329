import Host
import Maintenance

/// Where a key holds its date: `%Y%m%d-%H%M%S`, by the letters of strftime, anywhere in the key, in UTC.
struct KeyDate: ParameterValue, Hashable {
    private enum Token: Hashable {
        case number(Character, width: Int)
        case exactly(UInt8)
    }

    let text: String
    private let tokens: [Token]

    static let typeName = "a pattern such as %Y%m%d-%H%M%S"

    static func read(_ value: PlanValue) throws(ValueError) -> KeyDate {
        let text = try scalar(value)
        var tokens: [Token] = []
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "%" else {
                tokens += character.utf8.map { .exactly($0) }
                continue
            }
            guard let letter = rest.popFirst(), let width = widths[letter] else {
                throw ValueError("a date in a key is written with %Y, %m, %d, %H, %M and %S only")
            }
            tokens.append(.number(letter, width: width))
        }
        for letter in "Ymd" where !tokens.contains(.number(letter, width: letter == "Y" ? 4 : 2)) {
            throw ValueError("a date in a key needs %\(letter)")
        }
        return KeyDate(text: text, tokens: tokens)
    }

    var written: String { text }

    private static let widths: [Character: Int] = ["Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2]

    /// The first and the last moment that the key's date may mean: a date without a time is a whole day.
    func span(in key: String) -> ClosedRange<Instant>? {
        let bytes = Array(key.utf8)
        for start in bytes.indices {
            if let found = match(bytes, at: start) { return found }
        }
        return nil
    }

    private func match(_ bytes: [UInt8], at start: Int) -> ClosedRange<Instant>? {
        var values: [Character: Int] = [:]
        var index = start
        for token in tokens {
            switch token {
            case .exactly(let byte):
                guard index < bytes.count, bytes[index] == byte else { return nil }
                index += 1
            case .number(let letter, let width):
                guard index + width <= bytes.count, let value = Self.value(bytes[index..<(index + width)]) else {
                    return nil
                }
                values[letter] = value
                index += width
            }
        }
        // 20261121 within a longer number is no date.
        guard start == 0 || !Self.isDigit(bytes[start - 1]) || !isNumber(tokens.first),
            index == bytes.count || !Self.isDigit(bytes[index]) || !isNumber(tokens.last)
        else { return nil }
        func two(_ letter: Character) -> String {
            let value = values[letter] ?? 0
            return value < 10 ? "0\(value)" : "\(value)"
        }
        let year = String(10_000 + (values["Y"] ?? 0)).dropFirst()
        guard let first = Instant("\(year)-\(two("m"))-\(two("d"))T\(two("H")):\(two("M")):\(two("S"))Z") else {
            return nil
        }
        return first...(first + precision - .microseconds(1))
    }

    private var precision: Duration {
        let letters = tokens.compactMap { if case .number(let letter, _) = $0 { letter } else { nil } }
        if letters.contains("S") { return .seconds(1) }
        if letters.contains("M") { return .seconds(60) }
        return .seconds(letters.contains("H") ? 3600 : 86_400)
    }

    private func isNumber(_ token: Token?) -> Bool {
        if case .number = token { true } else { false }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    private static func value(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.allSatisfy(isDigit) else { return nil }
        return bytes.reduce(0) { $0 * 10 + Int($1 - 48) }
    }
}
