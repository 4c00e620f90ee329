public import Host
public import Journal
import Maintenance

/// What goes into a bundle.
public struct BundleContents: Sendable {
    let row: RunRow
    let records: [Record]
    let bodies: [String: [UInt8]]
    let erased: [String]
    let lost: [String]
    let checkpoints: [Checkpoint]
    /// Files for people, such as the plan's snapshot and the reports, by their names.
    public var documents: [(name: String, bytes: [UInt8])] = []
    /// What the reader must know.
    public var notes: [String] = []

    /// Reads a run, and its place in the chain of checkpoints. The records are verified: what is broken is not signed.
    public static func read(_ row: RunRow, from store: any JournalStore) async throws -> BundleContents {
        let records = try await store.records(of: row.id)
        try Record.verifyChain(records)
        guard records.count <= EvidenceLimits.records else {
            throw JournalError(
                .tooLarge, "Run \(row.id) has \(records.count) records, and a bundle holds \(EvidenceLimits.records).",
                run: row.id)
        }
        let own = try await store.checkpoints(CheckpointFilter(run: row.id))
        var checkpoints: [Checkpoint] = []
        if let first = own.first {
            checkpoints = try await store.checkpoints(
                CheckpointFilter(from: first.number, limit: EvidenceLimits.laterCheckpoints))
        }
        let digests = Set(records.flatMap(References.attachments)).sorted()
        var bodies: [String: [UInt8]] = [:]
        for start in stride(from: 0, to: digests.count, by: EvidenceLimits.bodyPage) {
            let page = Array(digests[start..<min(digests.count, start + EvidenceLimits.bodyPage)])
            bodies.merge(try await store.bodies(page)) { $1 }
            try Self.checkSize(bodies, row.id)
        }
        let gone = digests.filter { bodies[$0] == nil }
        let isErased = own.contains { $0.kind != .ended }
        var shown = row
        shown.owner = nil
        var contents = BundleContents(
            row: shown, records: records, bodies: bodies, erased: isErased ? gone : [], lost: isErased ? [] : gone,
            checkpoints: checkpoints)
        if row.state != .ended { contents.notes.append("The run was not over when this was exported.") }
        for checkpoint in own where checkpoint.kind != .ended {
            let what = checkpoint.kind == .pruned ? "records" : "bodies beside its records"
            contents.notes.append("Retention removed the run's \(what) on \(checkpoint.at).")
        }
        if own.isEmpty, row.state == .ended { contents.notes.append("No checkpoint holds the run's end.") }
        return contents
    }

    private static func checkSize(_ bodies: [String: [UInt8]], _ run: String) throws(JournalError) {
        let size = bodies.reduce(0) { $0 + $1.value.count }
        guard size <= EvidenceLimits.bundle / 2 else {
            throw JournalError(
                .tooLarge,
                "The evidence of run \(run) has more than \(EvidenceLimits.bundle / 2) bytes: no bundle holds it.",
                run: run)
        }
    }

    /// The bundle: the same contents at the same moment under the same key are the same bytes.
    public func signed(by key: SigningKey, at now: Instant) throws -> [UInt8] {
        var members = documents.map { Tape.Member(name: $0.name, bytes: $0.bytes) }
        members.append(Tape.Member(name: Manifest.recordsName, bytes: try Self.lines(records)))
        if !checkpoints.isEmpty {
            members.append(Tape.Member(name: Manifest.checkpointsName, bytes: try Self.lines(checkpoints)))
        }
        for (digest, bytes) in bodies.sorted(by: { $0.key < $1.key }) {
            members.append(Tape.Member(name: Manifest.bodyFolder + digest, bytes: bytes))
        }
        let manifest = Manifest(
            run: row, head: records.last.map { ChainTip($0) }, exportedAt: now,
            members: members.map {
                Manifest.Member(name: $0.name, bytes: $0.bytes.count, sha256: sha256Hex($0.bytes))
            }, erased: erased, lost: lost, notes: notes, key: key.publicKey.hexadecimal)
        let signed = try encodeJSON(manifest)
        let tape = Tape.write(
            [
                Tape.Member(name: Manifest.name, bytes: signed),
                Tape.Member(name: Manifest.signatureName, bytes: try key.signature(of: signed)),
                Tape.Member(name: Manifest.keyName, bytes: Array(key.publicKey.pem.utf8)),
            ] + members)
        guard tape.count <= EvidenceLimits.bundle, members.count + 3 <= EvidenceLimits.members else {
            throw JournalError(.tooLarge, "The evidence of run \(row.id) is larger than a bundle may be.", run: row.id)
        }
        return tape
    }

    /// One line of JSON each.
    private static func lines(_ values: [some Encodable]) throws -> [UInt8] {
        try values.flatMap { try encodeJSON($0) + [UInt8(ascii: "\n")] }
    }
}
