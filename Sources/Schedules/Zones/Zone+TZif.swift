extension Zone {
    /// Reads a TZif file of version 2 or later (RFC 9636); the older 32-bit part is passed over.
    public init(name: String, tzif bytes: [UInt8]) throws(ScheduleError) {
        var reader = TZifReader(name: name, rest: bytes[...])
        let first = try reader.header()
        guard first.version >= UInt8(ascii: "2") else { throw reader.damaged("it has only 32-bit times") }
        try reader.skip(first.size(ofTime: 4))
        let counts = try reader.header()
        guard counts.leaps == 0 else { throw reader.damaged("it counts leap seconds, which clocks do not") }
        guard counts.types > 0 else { throw reader.damaged("it has no kind of time") }

        var moments: [Int64] = []
        for _ in 0..<counts.times { moments.append(Int64(bitPattern: try reader.number(8))) }
        guard zip(moments, moments.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw reader.damaged("its changes are not in order")
        }
        var indices: [Int] = []
        for _ in 0..<counts.times { indices.append(Int(try reader.number(1))) }
        var offsets: [Int] = []
        for _ in 0..<counts.types {
            offsets.append(Int(Int32(truncatingIfNeeded: try reader.number(4))))
            try reader.skip(2)
        }
        guard indices.allSatisfy(offsets.indices.contains), offsets.allSatisfy(ScheduleLimits.offsets.contains) else {
            throw reader.damaged("it has a change to no kind of time")
        }
        try reader.skip(counts.characters + counts.standardFlags + counts.utcFlags)
        self.init(
            name: name, transitions: zip(moments, indices).map { (at: $0, offset: offsets[$1]) },
            initial: offsets[0], rule: try reader.footer())
    }
}

/// What is still to be read of a TZif file.
private struct TZifReader {
    struct Counts {
        let version: UInt8
        let utcFlags, standardFlags, leaps, times, types, characters: Int

        func size(ofTime width: Int) -> Int {
            times * (width + 1) + types * 6 + characters + leaps * (width + 4) + standardFlags + utcFlags
        }
    }

    let name: String
    var rest: ArraySlice<UInt8>

    func damaged(_ what: String) -> ScheduleError {
        ScheduleError("the file of the time zone `\(name)` cannot be used: \(what); install the package tzdata anew")
    }

    mutating func header() throws(ScheduleError) -> Counts {
        guard rest.starts(with: "TZif".utf8) else { throw damaged("it does not begin as a zone's file does") }
        try skip(4)
        let version = UInt8(try number(1))
        try skip(15)
        var counts: [Int] = []
        // What is counted fills at least a byte each: a larger number is a damaged one.
        for _ in 0..<6 { counts.append(min(Int(try number(4)), ScheduleLimits.zoneFile)) }
        return Counts(
            version: version, utcFlags: counts[0], standardFlags: counts[1], leaps: counts[2], times: counts[3],
            types: counts[4], characters: counts[5])
    }

    mutating func skip(_ count: Int) throws(ScheduleError) {
        guard rest.count >= count else { throw damaged("it ends too early") }
        rest = rest.dropFirst(count)
    }

    /// Big-endian.
    mutating func number(_ width: Int) throws(ScheduleError) -> UInt64 {
        let bytes = rest.prefix(width)
        try skip(width)
        return bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The rule between two line ends; none where there is nothing between them.
    mutating func footer() throws(ScheduleError) -> POSIXZone? {
        guard rest.first == UInt8(ascii: "\n"), let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "\n")) else {
            throw damaged("its last line is missing")
        }
        let text = String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
        if text.isEmpty { return nil }
        guard let rule = POSIXZone(text) else { throw damaged("its last line is no rule") }
        return rule
    }
}
