public import FoundationEssentials
public import Host
import Journal
public import Maintenance
import Synchronization

/// The folder in which people leave their word on runs: beside the journal, so that a run hears them whichever process
/// owns it. Who speaks is the owner of the file, as the kernel has it, and not what stands in it.
public struct Inbox: Sendable {
    /// What is asked of a run.
    public enum Word: String, Codable, Sendable {
        case agree, refuse, answer, cancel
        /// Of an event: on no run.
        case tell
    }

    /// One file as it is written.
    public struct Letter: Codable, Sendable {
        public struct Enclosure: Codable, Sendable {
            public let name: String
            public let content: Data

            public init(name: String, content: Data) {
                self.name = name
                self.content = content
            }
        }

        public var schemaVersion = 1
        public let run: String
        public let step: String
        public let word: Word
        public var proposal: String?
        public var note: String?
        public var values: [String: String]
        public var enclosed: [Enclosure]
        /// What is to stand, of a word that is on no run.
        public var standing: StandingApproval.Terms?
        /// What happened, of a word that is on no run.
        public var told: ToldEvent.Terms?

        public init(
            run: String, step: String = "", word: Word, proposal: String? = nil, note: String? = nil,
            values: [String: String] = [:], enclosed: [Enclosure] = []
        ) {
            self.run = run
            self.step = step
            self.word = word
            self.proposal = proposal
            self.note = note
            self.values = values
            self.enclosed = enclosed
        }
    }

    /// A letter that was read.
    public struct Received: Sendable {
        public let id: String
        public let by: String
        public let letter: Letter

        public init(id: String, by: String, letter: Letter) {
            self.id = id
            self.by = by
            self.letter = letter
        }
    }

    public let path: String
    private let host: Host
    private let carried: CarriedLetters
    private let watch: InboxWatch

    public init(path: String, on host: Host) {
        let carried = CarriedLetters()
        self.path = path
        self.host = host
        self.carried = carried
        watch = InboxWatch(on: host) { Self.runs(in: path).union(carried.runs) }
    }

    /// Leaves a letter; whole, or not at all.
    public func leave(_ letter: Letter) throws(MailError) {
        try Mailboxes.make(path)
        let bytes: [UInt8]
        do { bytes = try encodeJSON(letter) } catch {
            throw MailError("The word on run \(letter.run) cannot be written: \(error).")
        }
        guard bytes.count <= EngineLimits.attachedFile else {
            throw MailError(
                "What is attached is larger than \(ByteCount.text(Double(EngineLimits.attachedFile * 3 / 4))) in all; name the place "
                    + "where it lies in --note.")
        }
        let name = "\(letter.run)-\(String(host.random(), radix: 16)).json"
        try Mailboxes.write(bytes, to: path, name)
    }

    /// The letters for a run, oldest first. What is no letter, or cannot be read, is passed over: it is nobody's word.
    public func letters(for run: String) -> [Received] {
        var found: [(at: Int, received: Received)] = []
        let names = Mailboxes.names(in: path).filter { $0.hasPrefix(run + "-") && $0.hasSuffix(".json") }
        for name in names.prefix(EngineLimits.decisions) {
            guard let (bytes, owner, at) = Mailboxes.read(path, name, limit: EngineLimits.attachedFile),
                let letter = try? decodeJSON(Letter.self, bytes), letter.run == run, letter.schemaVersion == 1
            else { continue }
            found.append((at, Received(id: name, by: owner, letter: letter)))
        }
        return found.sorted { ($0.at, $0.received.id) < ($1.at, $1.received.id) }.map(\.received)
            + carried.letters(for: run)
    }

    /// The runs for which something lies in the folder.
    public var runs: Set<String> { Self.runs(in: path) }

    private static func runs(in path: String) -> Set<String> {
        Set(
            Mailboxes.names(in: path).filter { $0.hasSuffix(".json") }.compactMap { name in
                name.lastIndex(of: "-").map { String(name[..<$0]) }
            })
    }

    /// Waits until the time is over, or a little after a word for the run has come.
    func awaitWord(for run: String, within time: Duration) async { await watch.wait(for: run, within: time) }

    /// The letters for runs of this process that other nodes carried here, all of them each time.
    public func take(_ letters: [String: [Received]]) { carried.take(letters) }

    /// Why the run is to stop, where somebody asked for it.
    public func cancellation(of run: String) -> Cause? {
        guard let first = letters(for: run).first(where: { $0.letter.word == .cancel }) else { return nil }
        let note = first.letter.note.map { ": \($0)" } ?? "."
        return Cause(.cancelled, "\(first.by) asked the run to stop\(note)")
    }

    /// Takes away what was read and recorded.
    public func discard(_ ids: [String]) {
        for id in ids { Mailboxes.remove(path, id) }
    }

    /// Takes away everything for a run that is over.
    public func empty(for run: String) {
        discard(Mailboxes.names(in: path).filter { $0.hasPrefix(run + "-") })
        carried.forget(run)
    }
}

/// What was left on other nodes for runs of this process.
private final class CarriedLetters: Sendable {
    private let byRun = Mutex<[String: [Inbox.Received]]>([:])

    func letters(for run: String) -> [Inbox.Received] { byRun.withLock { $0[run] ?? [] } }

    var runs: Set<String> { byRun.withLock { Set($0.keys) } }

    func take(_ letters: [String: [Inbox.Received]]) { byRun.withLock { $0 = letters.filter { !$1.isEmpty } } }

    func forget(_ run: String) { byRun.withLock { _ = $0.removeValue(forKey: run) } }
}

/// A letter could not be left.
public struct MailError: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
