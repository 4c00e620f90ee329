import Host
import Maintenance

extension StoredEntry {
    /// The same JSON as `encodeJSON` makes, in a small part of the time: of a thousand occurrences that are due at once each
    /// has two entries, and none of them begins before all are on the disk.
    static func text(of entries: some Collection<StoredEntry>) throws -> [UInt8] {
        var text = EntryText(count: entries.count)
        for entry in entries { try text.append(entry) }
        return text.finished
    }
}

private struct EntryText {
    private var bytes: [UInt8]
    private var isFirst = true

    init(count: Int) {
        bytes = [UInt8(ascii: "[")]
        bytes.reserveCapacity(count * 256)
    }

    var finished: [UInt8] { bytes + [UInt8(ascii: "]")] }

    /// Fields in the order of their names.
    mutating func append(_ entry: StoredEntry) throws {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "{"))
        isFirst = true
        try field("cause", entry.cause)
        field("count", plain: entry.count.map { "\($0)" })
        try field("deadline", entry.deadline?.description)
        try field("environment", entry.environment)
        try field("from", entry.from?.description)
        field("isAtLeast", plain: entry.isAtLeast.map { "\($0)" })
        field("isDisruptive", plain: entry.isDisruptive.map { "\($0)" })
        field("isEnabled", plain: entry.isEnabled.map { "\($0)" })
        try field("kind", entry.kind.rawValue)
        try field("last", entry.last?.description)
        if let locks = entry.locks { field("locks", locks.isEmpty ? Array("[]".utf8) : try encodeJSON(locks)) }
        try field("nominal", entry.nominal?.description)
        try field("notBefore", entry.notBefore?.description)
        try field("procedure", entry.procedure)
        try field("service", entry.service)
        if let timing = entry.timing { field("timing", try encodeJSON(timing)) }
        try field("trigger", entry.trigger)
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func field(_ name: String, _ text: String?) throws {
        guard let text else { return }
        let isPlain = text.utf8.allSatisfy {
            $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        guard isPlain else { return field(name, try encodeJSON(text)) }
        begin(name)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: text.utf8)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func field(_ name: String, plain text: String?) {
        guard let text else { return }
        begin(name)
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func field(_ name: String, _ json: [UInt8]) {
        begin(name)
        bytes += json
    }

    private mutating func begin(_ name: String) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }
}
