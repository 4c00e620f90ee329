import Host
import Journal
import Maintenance

/// Reads the values of a row one after the other.
struct Cells {
    private var values: ArraySlice<String?>

    init(_ values: [String?]) { self.values = values[...] }

    mutating func optional() throws(DamagedAnswer) -> String? {
        guard let value = values.popFirst() else { throw DamagedAnswer() }
        return value
    }

    mutating func text() throws(DamagedAnswer) -> String { try read { $0 } }
    mutating func integer() throws(DamagedAnswer) -> Int { try read { Int($0) } }
    mutating func number() throws(DamagedAnswer) -> Double { try read { Double($0) } }
    mutating func boolean() throws(DamagedAnswer) -> Bool { try read { ["t": true, "f": false][$0] } }
    mutating func bytes() throws(DamagedAnswer) -> [UInt8] { try read(Hexadecimal.bytes) }
    mutating func instant() throws(DamagedAnswer) -> Instant {
        Instant(microsecondsSinceEpoch: try read { Int64($0) })
    }

    mutating func digest() throws(DamagedAnswer) -> String {
        try read { $0.hasPrefix(#"\x"#) ? String($0.dropFirst(2)) : nil }
    }

    mutating func read<Value>(_ parse: (String) -> Value?) throws(DamagedAnswer) -> Value {
        guard let value = try optional().flatMap(parse) else { throw DamagedAnswer() }
        return value
    }

    mutating func maybe<Value>(_ parse: (String) -> Value?) throws(DamagedAnswer) -> Value? {
        guard let text = try optional() else { return nil }
        guard let value = parse(text) else { throw DamagedAnswer() }
        return value
    }
}

extension Record {
    static let columns = "run, sequence, at, kind, body, body_digest, previous, digest"

    init(_ row: [String?]) throws(DamagedAnswer) {
        var cells = Cells(row)
        self.init(
            run: try cells.text(), sequence: try cells.integer(), at: try cells.instant(), kind: try cells.text(),
            body: try cells.bytes(), bodyDigest: try cells.digest(), previous: try cells.digest(),
            digest: try cells.digest())
    }
}

extension RunRow {
    static let columns = """
        r.id, r.service, r.environment, r.procedure, r.nominal, r.started_at, r.ended_at, r.state, r.verdict, \
        r.owner_pid, r.owner_start_time, r.owner_boot_id
        """

    init(_ row: [String?]) throws(DamagedAnswer) {
        var cells = Cells(row)
        self.init(
            id: try cells.text(), service: try cells.text(), environment: try cells.text(),
            procedure: try cells.text(), nominal: try cells.instant(), startedAt: try cells.instant(),
            endedAt: try cells.maybe { Int64($0) }.map(Instant.init(microsecondsSinceEpoch:)),
            state: try cells.read { RunState(rawValue: $0) }, verdict: try cells.maybe { Verdict(rawValue: $0) })
        let pid = try cells.maybe { Int32($0) }
        let start = try cells.maybe { Int64($0) }
        if let pid, let start, let boot = try cells.optional() {
            owner = ProcessIdentity(pid: pid, startTime: UInt64(bitPattern: start), bootID: boot)
        }
    }
}

extension MissedRow {
    init(_ row: [String?]) throws(DamagedAnswer) {
        var cells = Cells(row)
        self.init(
            occurrence: Occurrence(
                service: try cells.text(), environment: try cells.text(), procedure: try cells.text(),
                nominal: try cells.instant()),
            last: try cells.instant(), count: try cells.integer(), isAtLeast: try cells.boolean(),
            cause: try cells.text(), sentence: try cells.text(), decidedAt: try cells.instant())
    }
}

extension Checkpoint {
    init(_ row: [String?]) throws(DamagedAnswer) {
        var cells = Cells(row)
        self.init(
            number: try cells.integer(), kind: try cells.read { Kind(rawValue: $0) }, run: try cells.text(),
            head: ChainTip(sequence: try cells.integer(), digest: try cells.text()), rowDigest: try cells.text(),
            at: try cells.instant(), previous: try cells.text(), key: try cells.text(), signature: try cells.text())
    }
}
