import ArgumentParser
import FoundationEssentials
import Glibc
import Host
import Journal
import Maintenance
import PostgreSQLJournal
import SQLiteJournal
import Serving

struct JournalExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes the whole journal into a file, as lines of JSON, every chain verified.",
        discussion: """
            For moving to another store: stop `millwright serve` first, or what runs meanwhile is there by half. Of a series of \
            measurements the newest 10000 are taken. The key that signs checkpoints is not in it.
            """)

    @Argument(help: "The file; it must not exist yet.")
    var file: String

    @OptionGroup var store: StoreOptions

    func run() async throws {
        let composition = Composition()
        let journal = try await composition.reader(store)
        let descriptor = await OffPool.finish { [file] in open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
        guard descriptor >= 0 else {
            throw JournalError(.unreadable, "\(file) could not be made: give the name of a file that is not there yet.")
        }
        let output = LineFile(descriptor: descriptor, path: file)
        var export = JournalExport(of: journal) { try await output.write($0) }
        do {
            try await export.write(streams: Composition.streams, at: composition.host.now())
            try await output.finish()
        } catch {
            // Half a journal is of no use to anybody.
            await OffPool.finish { [file] in _ = unlink(file) }
            throw error
        }
        await journal.close()
        Output.line("exported: \(export.runs) runs, \(export.lines) lines, to \(file)")
    }
}

struct JournalImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Takes an exported journal into a store, every chain verified before anything is written.",
        discussion: """
            A store that has other records of a run is refused. What is there already is left, so that an import that was cut \
            short can be begun again. Nothing may work on the store meanwhile.
            """)

    @Argument(help: "The file that `millwright journal export` wrote.")
    var file: String

    @OptionGroup var store: StoreOptions

    func run() async throws {
        let composition = Composition()
        let journal = try await composition.plainWriter(store)
        if let shared = journal as? any Leases, let lease = try await shared.leases().first {
            throw JournalError.held(lease)
        }
        _ = try await read(into: journal, .look)
        let written = try await read(into: journal, .write)
        await journal.close()
        Output.line(
            "imported: \(written.added) runs of \(written.runs); \(written.runs - written.added) were there already")
    }

    private func read(into journal: any JournalStore, _ pass: JournalImport.Pass) async throws -> JournalImport {
        let descriptor = await OffPool.finish { [file] in open(file, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw JournalError(.notFound, "\(file) could not be opened.") }
        let input = LineFile(descriptor: descriptor, path: file)
        var taken = JournalImport(into: journal, pass)
        while let line = try await input.next() { try await taken.take(line) }
        try taken.close()
        return taken
    }
}

extension Composition {
    /// Chains that are no runs.
    static let streams = [Scheduler.stream, journalStream]

    /// The journal as it is, without leases and checkpoints of this process's own: for who puts a whole one in its place.
    func plainWriter(_ options: StoreOptions) async throws(JournalError) -> any JournalStore {
        switch try options.place(host) {
        case .file(let path): try await SQLiteJournal.writer(at: path, host: host)
        case .server(let url): try await PostgreSQLJournal.writer(at: url, node: "import", host: host)
        }
    }
}
