import Dispatching
import FoundationEssentials
import Glibc
import Host
import Maintenance

/// What plans of a folder came to, in a file beside the journal: a start need not read them anew.
///
/// A plan of it counts as long as nothing that it was made from has changed: its own file, whatever else was read for it, and
/// the program. It holds the plans' bytes as well, so that a plan can be read whole later although its file is another by
/// then. The file is never needed: one that is gone, damaged or another program's is as none.
struct CompiledPlans {
    /// A plan, and its file's mark from before it was read.
    struct Entry {
        let mark: FileMark
        let plan: ServedPlan
    }

    private static let heading = Array("millwright compiled plans 1\n".utf8)
    /// A change within so short a time after another may leave the mark as it was.
    private static let settled: Int64 = 2_000_000_000

    private let path: String
    private let folder: String
    private let host: Host
    private let catalogue: Catalogue

    init(path: String, folder: String, host: Host, catalogue: Catalogue) {
        self.path = path
        self.folder = folder
        self.host = host
        self.catalogue = catalogue
    }

    /// By the names of their files; without those of which anything but their own file changed.
    func read() -> [String: Entry] {
        guard let bytes = try? host.readFile(path, ServingLimits.compiledPlans) else { return [:] }
        let digest = Self.heading.count
        let start = digest + 64
        guard bytes.count >= start, bytes[..<digest] == Self.heading[...],
            bytes[digest..<start] == Array(sha256Hex(bytes[start...]).utf8)[...]
        else { return [:] }
        var unpacker = Unpacker(bytes, from: start)
        return (try? entries(&unpacker)) ?? [:]
    }

    private func entries(_ unpacker: inout Unpacker) throws(Unreadable) -> [String: Entry] {
        guard let program = Self.program, try unpacker.mark() == program, try unpacker.text() == folder else {
            throw Unreadable()
        }
        let others = try unpacker.each { (unpacker) throws(Unreadable) in try unpacker.usedFile() }
        let isAsItWas = others.map { FileMark($0.path) == $0.mark }
        let zones = ZoneShelf(host: host)
        var entries: [String: Entry] = [:]
        for _ in 0..<(try unpacker.count()) {
            let name = try unpacker.text()
            let mark = try unpacker.mark()
            let service = try unpacker.text()
            let readAt = Instant(microsecondsSinceEpoch: try unpacker.number())
            let used = try unpacker.each { (unpacker) throws(Unreadable) in Int(try unpacker.number()) }
            guard used.allSatisfy(others.indices.contains) else { throw Unreadable() }
            let bytes = try unpacker.data()
            let followers = try unpacker.each { (unpacker) throws(Unreadable) in
                ServedPlan.Follower(procedure: try unpacker.text(), precedent: try unpacker.text())
            }
            let procedures = try unpacker.each { (unpacker) throws(Unreadable) in try unpacker.procedure(zones) }
            guard used.allSatisfy({ isAsItWas[$0] }) else { continue }
            let source = PlanSource(
                path: "\(folder)/\(name)", bytes: bytes, others: used.map { others[$0] }, readAt: readAt)
            entries[name] = Entry(
                mark: mark,
                plan: ServedPlan(
                    service: service, procedures: procedures, followers: followers, source: source, host: host,
                    catalogue: catalogue))
        }
        guard unpacker.isAtEnd else { throw Unreadable() }
        return entries
    }

    /// True where the plan can be kept: what it was made from is at rest, and what would be read again is the same.
    func canKeep(_ entry: Entry, _ zones: ZoneShelf) -> Bool {
        let before = entry.plan.source.readAt.microsecondsSinceEpoch * 1000 - Self.settled
        guard ([entry.mark] + entry.plan.source.others.compactMap(\.mark)).allSatisfy({ $0.changed < before }) else {
            return false
        }
        return entry.plan.procedures.allSatisfy { procedure in
            var packer = Packer()
            packer.procedure(procedure)
            var unpacker = Unpacker(packer.bytes)
            return (try? unpacker.procedure(zones)) == procedure
        }
    }

    /// Replaces the file whole. Where that fails the next start takes longer, and nothing else is lost.
    func write(_ entries: [String: Entry]) {
        guard let program = Self.program else { return }
        var packer = Packer()
        packer.mark(program)
        packer.text(folder)
        var places: [ObjectIdentifier: Int] = [:]
        var others: [UsedFile] = []
        for file in entries.values.flatMap(\.plan.source.others) where places[ObjectIdentifier(file)] == nil {
            places[ObjectIdentifier(file)] = others.count
            others.append(file)
        }
        packer.each(others) { $0.usedFile($1) }
        packer.count(entries.count)
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            let source = entry.plan.source
            packer.text(name)
            packer.mark(entry.mark)
            packer.text(entry.plan.service)
            packer.number(source.readAt.microsecondsSinceEpoch)
            packer.each(source.others.compactMap { places[ObjectIdentifier($0)] }) { $0.count($1) }
            packer.data(source.bytes)
            packer.each(entry.plan.followers) { packer, follower in
                packer.text(follower.procedure)
                packer.text(follower.precedent)
            }
            packer.each(entry.plan.procedures) { $0.procedure($1) }
        }
        guard packer.bytes.count <= ServingLimits.compiledPlans / 2 else { return }
        save(Self.heading + Array(sha256Hex(packer.bytes).utf8) + packer.bytes)
    }

    private func save(_ bytes: [UInt8]) {
        let new = path + ".new"
        let file = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        var written = 0
        bytes.withUnsafeBytes { buffer in
            while written < buffer.count {
                let count = Glibc.write(file, buffer.baseAddress?.advanced(by: written), buffer.count - written)
                guard count > 0 else { return }
                written += count
            }
        }
        close(file)
        if written < bytes.count || rename(new, path) != 0 { unlink(new) }
    }

    /// Another build may understand plans in another way.
    private static var program: FileMark? { FileMark("/proc/self/exe") }
}

extension Packer {
    fileprivate mutating func mark(_ mark: FileMark) {
        number(Int64(bitPattern: mark.device))
        number(Int64(bitPattern: mark.inode))
        number(mark.size)
        number(mark.changed)
    }

    fileprivate mutating func usedFile(_ file: UsedFile) {
        text(file.path)
        optional(file.mark) { $0.mark($1) }
        optional(file.bytes) { $0.data($1) }
    }
}

extension Unpacker {
    fileprivate mutating func mark() throws(Unreadable) -> FileMark {
        FileMark(
            device: UInt64(bitPattern: try number()), inode: UInt64(bitPattern: try number()), size: try number(),
            changed: try number())
    }

    fileprivate mutating func usedFile() throws(Unreadable) -> UsedFile {
        UsedFile(
            path: try text(), mark: try optional { (unpacker) throws(Unreadable) in try unpacker.mark() },
            bytes: try optional { (unpacker) throws(Unreadable) in try unpacker.data() })
    }
}
