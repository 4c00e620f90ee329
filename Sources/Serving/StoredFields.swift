import Host
import Journal
import Maintenance
import Schedules

/// The members of an object that the dispatcher wrote. A start waits for thousands of them, and the general decoder takes
/// many times as long.
struct StoredFields {
    private static let depth = 8
    private let members: [String: JSONValue]

    private init(_ value: JSONValue) throws(JournalError) {
        guard case .object(let members) = value else { throw Self.unreadable }
        self.members = members
    }

    static func list(_ bytes: [UInt8]) throws(JournalError) -> [StoredFields] {
        guard case .list(let values)? = try? JSONReader.read(bytes, depth: depth, values: bytes.count + 1) else {
            throw unreadable
        }
        return try values.map { (value) throws(JournalError) in try StoredFields(value) }
    }

    private static var unreadable: JournalError {
        JournalError(.corrupt, "The dispatcher's records are none that this version can read.")
    }

    /// `nil` where there is no such member.
    private func read<Value>(_ name: String, _ convert: (JSONValue) -> Value?) throws(JournalError) -> Value? {
        guard let member = members[name] else { return nil }
        if case .null = member { return nil }
        guard let value = convert(member) else { throw Self.unreadable }
        return value
    }

    /// What has to be there.
    func wanted<Value>(_ value: Value?) throws(JournalError) -> Value {
        guard let value else { throw Self.unreadable }
        return value
    }

    func text(_ name: String) throws(JournalError) -> String? {
        try read(name) { if case .text(let text) = $0 { text } else { nil } }
    }

    func flag(_ name: String) throws(JournalError) -> Bool? {
        try read(name) { if case .bool(let flag) = $0 { flag } else { nil } }
    }

    func count(_ name: String) throws(JournalError) -> Int? { try read(name, Self.count) }

    func instant(_ name: String) throws(JournalError) -> Instant? {
        try read(name) { if case .text(let text) = $0 { Instant(text) } else { nil } }
    }

    func texts(_ name: String) throws(JournalError) -> [String]? {
        try read(name) { value in
            guard case .list(let list) = value else { return nil }
            let texts = list.compactMap { if case .text(let text) = $0 { text } else { nil } }
            return texts.count == list.count ? texts : nil
        }
    }

    func counts(_ name: String) throws(JournalError) -> [String: Int]? {
        try read(name) { value in
            guard case .object(let members) = value else { return nil }
            let counts = members.compactMapValues(Self.count)
            return counts.count == members.count ? counts : nil
        }
    }

    func object(_ name: String) throws(JournalError) -> StoredFields? {
        guard let member = members[name] else { return nil }
        if case .null = member { return nil }
        return try StoredFields(member)
    }

    func objects(_ name: String) throws(JournalError) -> [StoredFields]? {
        guard let list = try read(name, { if case .list(let list) = $0 { list } else { nil } }) else { return nil }
        return try list.map { (value) throws(JournalError) in try StoredFields(value) }
    }

    private static func count(_ value: JSONValue) -> Int? {
        if case .number(let number) = value { Int(exactly: number) } else { nil }
    }
}

extension StoredEntry {
    init(_ fields: StoredFields) throws(JournalError) {
        kind = try fields.wanted(try fields.text("kind").flatMap(Kind.init))
        service = try fields.wanted(try fields.text("service"))
        environment = try fields.wanted(try fields.text("environment"))
        procedure = try fields.wanted(try fields.text("procedure"))
        timing = try StoredTiming(try fields.object("timing"))
        isEnabled = try fields.flag("isEnabled")
        from = try fields.instant("from")
        nominal = try fields.instant("nominal")
        notBefore = try fields.instant("notBefore")
        deadline = try fields.instant("deadline")
        trigger = try fields.text("trigger")
        locks = try fields.texts("locks")
        isDisruptive = try fields.flag("isDisruptive")
        last = try fields.instant("last")
        count = try fields.count("count")
        isAtLeast = try fields.flag("isAtLeast")
        cause = try fields.text("cause")
    }
}

extension StoredTiming {
    init?(_ fields: StoredFields?) throws(JournalError) {
        guard let fields else { return nil }
        schedule = try fields.text("schedule")
        occasion = try fields.text("occasion")
        timezone = try fields.text("timezone")
        trigger = try fields.text("trigger")
        guard let choice = try fields.object("policy") else { return }
        policy = ClockChangeChoice(
            gap: try choice.text("gap").map { (name) throws(JournalError) in
                try choice.wanted(ClockChangePolicy.Gap(rawValue: name))
            },
            overlap: try choice.text("overlap").map { (name) throws(JournalError) in
                try choice.wanted(ClockChangePolicy.Overlap(rawValue: name))
            })
    }
}

extension StoredProcedure {
    init(_ fields: StoredFields) throws(JournalError) {
        service = try fields.wanted(try fields.text("service"))
        environment = try fields.wanted(try fields.text("environment"))
        procedure = try fields.wanted(try fields.text("procedure"))
        timing = try fields.wanted(try StoredTiming(try fields.object("timing")))
        isEnabled = try fields.wanted(try fields.flag("isEnabled"))
        isPaused = try fields.wanted(try fields.flag("isPaused"))
        isRemoved = try fields.wanted(try fields.flag("isRemoved"))
        cursor = try fields.wanted(try fields.instant("cursor"))
        since = try fields.instant("since")
        triggers = try fields.wanted(try fields.texts("triggers"))
        lastMiss = try fields.text("lastMiss")
        missed = try fields.wanted(try fields.counts("missed"))
        open = try fields.wanted(try fields.objects("open")).map { (open) throws(JournalError) in
            StoredProcedure.Open(
                nominal: try open.wanted(try open.instant("nominal")),
                notBefore: try open.wanted(try open.instant("notBefore")),
                deadline: try open.wanted(try open.instant("deadline")), locks: try open.texts("locks"),
                isDisruptive: try open.flag("isDisruptive"))
        }
    }
}
