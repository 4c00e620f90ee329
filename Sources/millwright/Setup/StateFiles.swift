import Evidence
import FoundationEssentials
import Host
import Journal
import Maintenance

/// What lies beside the journal: the key that signs checkpoints and evidence, and the mark that says how far the journal
/// had come.
struct StateFiles {
    let journal: String
    let host: Host

    var keyPath: String { URL(filePath: journal).deletingLastPathComponent().appending(path: "evidence.key").path }
    private var markPath: String { journal + ".mark" }

    /// The key, if there is one.
    func existingKey() throws(JournalError) -> SigningKey? {
        guard let bytes = try read(keyPath, "key") else { return nil }
        guard let key = SigningKey(pem: Secret(String(decoding: bytes, as: UTF8.self))) else {
            throw JournalError(
                .unreadable,
                "The key \(keyPath) is damaged or none of Ed25519. Put it back from a backup; a new one in its place signs "
                    + "what comes, and `millwright journal check` will then want the old one's fingerprint.")
        }
        return key
    }

    /// The key; made where there is none.
    func key() throws(JournalError) -> SigningKey {
        if let key = try existingKey() { return key }
        do {
            let key = try SigningKey(from: host)
            if try DurableFile.create(keyPath, with: Array(key.pem.reveal().utf8)) { return key }
        } catch {
            throw JournalError(
                .unreadable, "The key \(keyPath) could not be made. Check the folder and its rights.")
        }
        guard let key = try existingKey() else {
            throw JournalError(.unreadable, "The key \(keyPath) went away while it was made. Try again.")
        }
        return key
    }

    func mark() throws(JournalError) -> JournalMark? {
        guard let bytes = try read(markPath, "mark") else { return nil }
        do { return try decodeJSON(JournalMark.self, bytes) } catch {
            throw JournalError(
                .unreadable,
                "The mark \(markPath) is damaged. Compare the journal with its backup, and remove the mark.")
        }
    }

    /// A mark that cannot be written stays behind the journal, which is no harm.
    func write(_ mark: JournalMark) {
        guard let bytes = try? encodeJSON(mark) else { return }
        try? DurableFile.replace(markPath, with: bytes)
    }

    private func read(_ path: String, _ what: String) throws(JournalError) -> [UInt8]? {
        do {
            return try host.readFile(path, EvidenceLimits.smallFile)
        } catch let error as FileError where error.isMissing {
            return nil
        } catch {
            throw JournalError(.unreadable, "The \(what) \(path) could not be read. Check its rights.")
        }
    }
}
