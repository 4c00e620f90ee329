/// The fields of a pattern, in their order, each with its values.
enum CronField: Int {
    case second, minute, hour, dayOfMonth, month, dayOfWeek, year

    var name: String {
        switch self {
        case .second: "second"
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day of month"
        case .month: "month"
        case .dayOfWeek: "day of week"
        case .year: "year"
        }
    }

    var values: ClosedRange<Int> {
        switch self {
        case .second, .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        case .year: 1970...2199
        }
    }

    /// The values that `*` stands for.
    var all: ClosedRange<Int> { self == .dayOfWeek ? 0...6 : values }

    var isDay: Bool { self == .dayOfMonth || self == .dayOfWeek }

    /// The value of a name of three letters, whatever their case.
    func value(ofName letters: (UInt8, UInt8, UInt8)) -> Int? {
        let key = UInt32(letters.0 | 32) << 16 | UInt32(letters.1 | 32) << 8 | UInt32(letters.2 | 32)
        switch self {
        case .month: return Self.months.firstIndex(of: key).map { $0 + 1 }
        case .dayOfWeek: return Self.weekdays.firstIndex(of: key)
        default: return nil
        }
    }

    private static func key(_ name: StaticString) -> UInt32 {
        UInt32(name.utf8Start[0]) << 16 | UInt32(name.utf8Start[1]) << 8 | UInt32(name.utf8Start[2])
    }
    private static let months = [
        key("jan"), key("feb"), key("mar"), key("apr"), key("may"), key("jun"), key("jul"), key("aug"), key("sep"),
        key("oct"), key("nov"), key("dec"),
    ]
    private static let weekdays = [
        key("sun"), key("mon"), key("tue"), key("wed"), key("thu"), key("fri"), key("sat"),
    ]

    /// Whether a character may be in the fields of numbers: those before the day of the month.
    static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: ","), UInt8(ascii: "-"),
            UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "L"), UInt8(ascii: "W"), UInt8(ascii: "+"),
            UInt8(ascii: "#"):
            true
        default: false
        }
    }
}
