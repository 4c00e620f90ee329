/// Writes values one after another: numbers in as few bytes as they need, texts behind their length.
struct Packer {
    private(set) var bytes: [UInt8] = []

    mutating func number(_ value: Int64) {
        // Zigzag: small negative numbers are short as well.
        var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func count(_ value: Int) { number(Int64(value)) }

    mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

    mutating func data(_ value: some Collection<UInt8>) {
        count(value.count)
        bytes.append(contentsOf: value)
    }

    mutating func text(_ value: String) { data(value.utf8) }

    mutating func duration(_ value: Duration) {
        number(value.components.seconds)
        number(value.components.attoseconds)
    }

    mutating func each<Element>(_ all: [Element], _ write: (inout Packer, Element) -> Void) {
        count(all.count)
        for one in all { write(&self, one) }
    }

    mutating func optional<Value>(_ value: Value?, _ write: (inout Packer, Value) -> Void) {
        flag(value != nil)
        if let value { write(&self, value) }
    }
}

/// It is not what a `Packer` of this version wrote.
struct Unreadable: Error {}

/// Reads what a `Packer` wrote; never beyond its end, and no more than is there.
struct Unpacker {
    private let bytes: [UInt8]
    private var place: Int

    init(_ bytes: [UInt8], from place: Int = 0) {
        self.bytes = bytes
        self.place = place
    }

    var isAtEnd: Bool { place == bytes.count }

    private mutating func byte() throws(Unreadable) -> UInt8 {
        guard place < bytes.count else { throw Unreadable() }
        defer { place += 1 }
        return bytes[place]
    }

    mutating func number() throws(Unreadable) -> Int64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = try byte()
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1))) }
        }
        throw Unreadable()
    }

    mutating func count() throws(Unreadable) -> Int {
        let count = try number()
        // Each element takes a byte at least.
        guard count >= 0, count <= Int64(bytes.count - place) else { throw Unreadable() }
        return Int(count)
    }

    mutating func flag() throws(Unreadable) -> Bool {
        switch try byte() {
        case 0: return false
        case 1: return true
        default: throw Unreadable()
        }
    }

    mutating func data() throws(Unreadable) -> [UInt8] {
        let count = try count()
        defer { place += count }
        return Array(bytes[place..<place + count])
    }

    mutating func text() throws(Unreadable) -> String {
        let count = try count()
        defer { place += count }
        return String(decoding: bytes[place..<place + count], as: UTF8.self)
    }

    mutating func duration() throws(Unreadable) -> Duration {
        Duration(secondsComponent: try number(), attosecondsComponent: try number())
    }

    mutating func each<Element>(
        _ read: (inout Unpacker) throws(Unreadable) -> Element
    ) throws(Unreadable) -> [Element] {
        let count = try count()
        var all: [Element] = []
        all.reserveCapacity(count)
        for _ in 0..<count { all.append(try read(&self)) }
        return all
    }

    mutating func optional<Value>(
        _ read: (inout Unpacker) throws(Unreadable) -> Value
    ) throws(Unreadable) -> Value? {
        try flag() ? try read(&self) : nil
    }

    mutating func named<Value: RawRepresentable<String>>() throws(Unreadable) -> Value {
        guard let value = Value(rawValue: try text()) else { throw Unreadable() }
        return value
    }
}
