import ArgumentParser
import Engine
import Evidence
import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans
import Reports

struct EvidenceCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evidence", abstract: "Exports what a run saw as one signed file, and verifies such a file.",
        subcommands: [EvidenceExport.self, EvidenceVerify.self, EvidenceKey.self])
}

struct EvidenceExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a run's records, plan, evidence and reports into one signed file.",
        discussion: """
            A tar archive whose first three members are the manifest with the SHA-256 of all others, its Ed25519 \
            signature, and the public key.
            """)

    @Argument(help: "The run's id, or its beginning.")
    var run: String

    @OptionGroup var store: StoreOptions

    @Option(help: "Where it is written. Default: evidence-RUN.tar.")
    var out: String?

    @Option(
        help: "Another key than the one beside the journal: ${file:PATH} or ${env:NAME}, a PKCS #8 text in PEM.")
    var signingKey: String?

    func run() async throws {
        let composition = Composition()
        let key = try key(composition)
        let journal = try await composition.reader(store)
        let row = try await composition.row(run, journal)
        var contents = try await BundleContents.read(row, from: journal)
        try await addDocuments(to: &contents, row, journal, composition)
        await journal.close()
        let bundle = try contents.signed(by: key, at: composition.host.now())
        let path = out ?? "evidence-\(row.id).tar"
        do { try DurableFile.replace(path, with: bundle) } catch {
            throw JournalError(.unreadable, "\(path) could not be written: \(error.reason). Give another with --out.")
        }
        Output.line("\(Style.strong(path))  \(bundle.count) bytes, run \(row.id)")
        for note in contents.notes { Output.line("  \(Style.soft(Style.plain(note)))") }
        Output.line("  signed by \(key.publicKey.fingerprint)")
    }

    private func key(_ composition: Composition) throws -> SigningKey {
        guard let signingKey else { return try composition.stateFiles(store).key() }
        guard case .text(let text) = try References.resolve(.text(signingKey), host: composition.host).value,
            text != signingKey, let key = SigningKey(pem: Secret(text))
        else {
            throw ValidationError(
                "--signing-key is a reference, ${file:PATH} or ${env:NAME}, to a key such as `openssl genpkey -algorithm "
                    + "ed25519` makes.")
        }
        return key
    }

    /// The plan and the reports. A run whose records are gone has none: the bundle says so.
    private func addDocuments(
        to contents: inout BundleContents, _ row: RunRow, _ journal: any JournalStore, _ composition: Composition
    ) async throws {
        do {
            let first = try await journal.records(of: row.id).first
            guard let first, case .started(let start) = try decodeJSON(RunEvent.self, first.body) else {
                throw JournalError(.notFound, "The beginning of run \(row.id) is gone.")
            }
            let zone = composition.zone(start.plan.timezone)
            let reports = try await WrittenReport.texts(
                .run, [.md, .html, .json], of: row, from: journal, in: zone,
                isAlive: try await composition.isAlive(row, in: journal))
            contents.documents.append(("plan.json", try encodeJSON(start.plan, pretty: true)))
            for (format, text) in reports {
                contents.documents.append(("report.\(format.rawValue)", Array(text.utf8)))
            }
        } catch {
            contents.notes.append("Plan and reports could not be made from what is left of the run's records.")
        }
    }
}

struct EvidenceKey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Prints the public key that checks this installation's signatures.",
        discussion: "The key itself lies beside the journal, for its owner alone to read. It is made on first use.")

    @OptionGroup var store: StoreOptions

    func run() throws {
        let key = try Composition().stateFiles(store).key().publicKey
        Output.raw(key.pem)
        Output.line(key.fingerprint)
    }
}
