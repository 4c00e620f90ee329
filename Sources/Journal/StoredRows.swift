package import Host
import Maintenance

/// The values of a stored row, read one after the other in the order of its columns.
package protocol StoredCells {
    mutating func text() throws(DamagedRow) -> String
    mutating func integer() throws(DamagedRow) -> Int
    mutating func boolean() throws(DamagedRow) -> Bool
    mutating func bytes() throws(DamagedRow) -> [UInt8]
    mutating func digest() throws(DamagedRow) -> String
    mutating func optionalText() throws(DamagedRow) -> String?
    mutating func optionalInteger() throws(DamagedRow) -> Int?
}

/// A stored value that no version ever wrote.
package struct DamagedRow: Error {
    package init() {}
}

extension StoredCells {
    package mutating func instant() throws(DamagedRow) -> Instant {
        Instant(microsecondsSinceEpoch: Int64(try integer()))
    }

    mutating func word<Word: RawRepresentable<String>>() throws(DamagedRow) -> Word {
        guard let word = Word(rawValue: try text()) else { throw DamagedRow() }
        return word
    }
}

extension Record {
    package static let columns = "run, sequence, at, kind, body, body_digest, previous, digest"

    package init(_ cells: some StoredCells) throws(DamagedRow) {
        var cells = cells
        self.init(
            run: try cells.text(), sequence: try cells.integer(), at: try cells.instant(), kind: try cells.text(),
            body: try cells.bytes(), bodyDigest: try cells.digest(), previous: try cells.digest(),
            digest: try cells.digest())
    }
}

extension RunRow {
    package static let columns = """
        id, service, environment, procedure, nominal, started_at, ended_at, state, verdict, owner_pid, \
        owner_start_time, owner_boot_id
        """

    package init(_ cells: some StoredCells) throws(DamagedRow) {
        var cells = cells
        self.init(
            id: try cells.text(), service: try cells.text(), environment: try cells.text(),
            procedure: try cells.text(), nominal: try cells.instant(), startedAt: try cells.instant(),
            endedAt: try cells.optionalInteger().map { Instant(microsecondsSinceEpoch: Int64($0)) },
            state: try cells.word())
        if let word = try cells.optionalText() {
            guard let verdict = Verdict(rawValue: word) else { throw DamagedRow() }
            self.verdict = verdict
        }
        if let pid = try cells.optionalInteger(), let start = try cells.optionalInteger(),
            let boot = try cells.optionalText()
        {
            guard let pid = Int32(exactly: pid) else { throw DamagedRow() }
            owner = ProcessIdentity(pid: pid, startTime: UInt64(bitPattern: Int64(start)), bootID: boot)
        }
    }
}

extension RunRow {
    /// The run whose id begins so. `following` are the first two ids from it on in the order of their bytes: in it those
    /// that begin with a text follow it, and the text itself comes first.
    package static func one(of following: [RunRow], named prefix: String) throws(JournalError) -> RunRow? {
        let matches = following.filter { $0.id.utf8.starts(with: prefix.utf8) }
        if let first = matches.first, first.id == prefix { return first }
        guard matches.count <= 1 else { throw .ambiguous(prefix) }
        return matches.first
    }
}

extension MissedRow {
    package static let columns =
        "service, environment, procedure, nominal, last, count, is_at_least, cause, sentence, decided_at"

    package init(_ cells: some StoredCells) throws(DamagedRow) {
        var cells = cells
        self.init(
            occurrence: Occurrence(
                service: try cells.text(), environment: try cells.text(), procedure: try cells.text(),
                nominal: try cells.instant()),
            last: try cells.instant(), count: try cells.integer(), isAtLeast: try cells.boolean(),
            cause: try cells.text(), sentence: try cells.text(), decidedAt: try cells.instant())
    }
}

extension Checkpoint {
    package static let columns = "number, kind, run, sequence, head, row_digest, at, previous, key, signature"

    package init(_ cells: some StoredCells) throws(DamagedRow) {
        var cells = cells
        self.init(
            number: try cells.integer(), kind: try cells.word(), run: try cells.text(),
            head: ChainTip(sequence: try cells.integer(), digest: try cells.text()), rowDigest: try cells.text(),
            at: try cells.instant(), previous: try cells.text(), key: try cells.text(), signature: try cells.text())
    }
}

extension Array {
    /// So many in each but the last.
    package func parts(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
