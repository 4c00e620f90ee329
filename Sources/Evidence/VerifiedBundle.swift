public import Journal
import Maintenance

/// A bundle in which every byte is as it was signed.
public struct VerifiedBundle: Sendable {
    public let manifest: Manifest
    /// Who signed it. That this is the key of who should have signed is for the reader to know: pin it.
    public let key: PublicKey
    public let records: [Record]
    public let checkpoints: [Checkpoint]
    /// Records whose bodies were erased.
    public let erasedRecords: Int

    /// Checks a bundle, without a store and without writing anything; the error is the first broken link.
    ///
    /// - Parameter pinned: The fingerprint of the key that must have signed it.
    public init(_ bundle: [UInt8], pinned: String? = nil) throws(BrokenLink) {
        guard bundle.count <= EvidenceLimits.bundle else {
            throw BrokenLink("the file", "it has more than \(EvidenceLimits.bundle) bytes, and no bundle has")
        }
        let tape = try Tape.read(bundle)
        (manifest, key) = try Self.manifest(of: tape)
        if let pinned, pinned != key.fingerprint {
            throw BrokenLink(
                Manifest.signatureName,
                "it was signed by the key \(key.fingerprint), and not by \(pinned), which was asked for")
        }
        let members = try Self.members(of: tape, manifest)
        records = try Self.records(members[Manifest.recordsName], manifest)
        erasedRecords = records.count { $0.isErased }
        checkpoints = try Self.checkpoints(members[Manifest.checkpointsName], manifest)
        try Self.checkBodies(records, members, manifest)
    }

    private static func manifest(of tape: [Tape.Member]) throws(BrokenLink) -> (Manifest, PublicKey) {
        for (index, name) in [Manifest.name, Manifest.signatureName, Manifest.keyName].enumerated() {
            guard tape.count > index, tape[index].name == name else {
                throw BrokenLink("member \(index + 1)", "it is not \(name), which stands there in every bundle")
            }
        }
        let text = tape[0].bytes
        guard text.count <= EvidenceLimits.manifest else {
            throw BrokenLink(Manifest.name, "it has more than \(EvidenceLimits.manifest) bytes")
        }
        guard let manifest = try? decodeJSON(Manifest.self, text), let key = PublicKey(hexadecimal: manifest.key) else {
            throw BrokenLink(Manifest.name, "it cannot be read: it was altered, or is of another version")
        }
        guard manifest.schemaVersion == 1 else {
            throw BrokenLink(Manifest.name, "it is of version \(manifest.schemaVersion), which a newer program reads")
        }
        guard key.verifies(tape[1].bytes, of: text) else {
            throw BrokenLink(
                Manifest.signatureName,
                "it is no signature of \(Manifest.name) by the key \(key.fingerprint): one of the three was altered")
        }
        // What a reader that takes the first of two equal keys sees is what the signer wrote.
        guard let again = try? encodeJSON(manifest), again == text else {
            throw BrokenLink(Manifest.name, "it is signed and says more than a manifest does: a forgery")
        }
        guard tape[2].bytes == Array(key.pem.utf8) else {
            throw BrokenLink(Manifest.keyName, "it is not the key that signed")
        }
        return (manifest, key)
    }

    /// Each in its place, and whole.
    private static func members(
        of tape: [Tape.Member], _ manifest: Manifest
    ) throws(BrokenLink) -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        let members = tape.dropFirst(3)
        for (place, (expected, member)) in zip(manifest.members, members).enumerated() {
            guard member.name == expected.name else {
                throw BrokenLink(
                    "member \(place + 4)",
                    "it is \(member.name) where the manifest has \(expected.name): a member was dropped, added or moved"
                )
            }
            guard found[member.name] == nil else { throw BrokenLink("member \(member.name)", "it is there twice") }
            let digest = sha256Hex(member.bytes)
            guard digest == expected.sha256, member.bytes.count == expected.bytes else {
                let part = brokenPart(of: member, manifest).map { "; \($0)" } ?? ""
                throw BrokenLink(
                    "member \(member.name)",
                    "its SHA-256 is \(digest) over \(member.bytes.count) bytes, and the manifest says "
                        + "\(expected.sha256) over \(expected.bytes)\(part)")
            }
            found[member.name] = member.bytes
        }
        if members.count < manifest.members.count {
            throw BrokenLink(
                "member \(manifest.members[members.count].name)", "it is in the manifest and not in the file")
        }
        if members.count > manifest.members.count {
            let extra = members[members.startIndex + manifest.members.count]
            throw BrokenLink("member \(extra.name)", "it is in the file and not in the manifest")
        }
        return found
    }

    /// Which record of an altered member is broken.
    private static func brokenPart(of member: Tape.Member, _ manifest: Manifest) -> String? {
        guard member.name == Manifest.recordsName else { return nil }
        do throws(BrokenLink) {
            _ = try records(member.bytes, manifest)
            return nil
        } catch {
            return "\(error.link): \(error.sentence)"
        }
    }

    private static func records(_ text: [UInt8]?, _ manifest: Manifest) throws(BrokenLink) -> [Record] {
        guard let text else { throw BrokenLink(Manifest.recordsName, "it is not there") }
        let records: [Record] = try lines(text, Manifest.recordsName, "record", EvidenceLimits.records)
        do throws(JournalError) { try Record.verifyChain(records) } catch {
            throw BrokenLink(Manifest.recordsName, error.sentence)
        }
        guard records.allSatisfy({ $0.run == manifest.run.id }) else {
            throw BrokenLink(Manifest.recordsName, "its records are of another run than \(manifest.run.id)")
        }
        guard records.last.map({ ChainTip($0) }) == manifest.head else {
            throw BrokenLink(
                "record \(records.count)",
                "it is the last, and the manifest says that the chain ends with \(manifest.head?.sequence ?? 0)")
        }
        return records
    }

    private static func checkpoints(_ text: [UInt8]?, _ manifest: Manifest) throws(BrokenLink) -> [Checkpoint] {
        guard let text else { return [] }
        let checkpoints: [Checkpoint] = try lines(
            text, Manifest.checkpointsName, "checkpoint", EvidenceLimits.laterCheckpoints)
        var chain = CheckpointChain()
        for checkpoint in checkpoints {
            try chain.follow(checkpoint, isTail: true)
            guard checkpoint.run == manifest.run.id else { continue }
            let link = "checkpoint \(checkpoint.number), of run \(checkpoint.run)"
            if let head = manifest.head, head != checkpoint.head {
                throw BrokenLink(link, "it says that the run's chain ends otherwise than it does")
            }
            if manifest.run.digest != checkpoint.rowDigest {
                throw BrokenLink(link, "it says of the run's end or verdict something else than the manifest")
            }
        }
        return checkpoints
    }

    private static func lines<Value: Decodable>(
        _ text: [UInt8], _ member: String, _ what: String, _ limit: Int
    ) throws(BrokenLink) -> [Value] {
        var values: [Value] = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            guard values.count < limit else { throw BrokenLink(member, "more than \(limit) lines are no bundle") }
            guard let value = try? decodeJSON(Value.self, line) else {
                throw BrokenLink("\(what) \(values.count + 1)", "line \(values.count + 1) of \(member) cannot be read")
            }
            values.append(value)
        }
        return values
    }

    private static func checkBodies(
        _ records: [Record], _ members: [String: [UInt8]], _ manifest: Manifest
    ) throws(BrokenLink) {
        let gone = Set(manifest.erased)
        for record in records {
            for digest in References.attachments(of: record) where !gone.contains(digest) {
                let link = "record \(record.sequence), body \(digest)"
                guard let bytes = members[Manifest.bodyFolder + digest] else {
                    let wasLost = manifest.lost.contains(digest)
                    throw BrokenLink(
                        link, wasLost ? "the journal had lost it when the bundle was made" : "it is not in the bundle")
                }
                guard sha256Hex(bytes) == digest else {
                    throw BrokenLink(link, "its content is another than the record saw")
                }
            }
        }
    }
}
