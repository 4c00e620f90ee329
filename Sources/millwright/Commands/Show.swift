import ArgumentParser
import ClientPrograms
import Journal
import Maintenance
import Plans
import Reports

struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows one run: its steps, what they saw, what was found.")

    @Argument(help: "The run's id, or its beginning.")
    var id: String

    @OptionGroup var store: StoreOptions

    @Option(help: "text for people, json for programs.")
    var format = OutputFormat.text

    func run() async throws {
        let document = try await Composition().document(id, store)
        switch format {
        case .json: try Output.json(document)
        case .text:
            Output.line(
                "\(Style.strong("\(document.service) \(document.procedure)")) \(Style.soft("run \(document.run)"))")
            for step in document.steps {
                let word = step.verdict?.rawValue ?? step.state
                Output.line(
                    "\(Style.sign(step.verdict)) \(Style.verdict(step.verdict, word)) \(step.id): "
                        + Style.plain(Words.seen(step)))
            }
            Summary.show(document, reports: [])
        }
    }
}

struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Writes a run's report to standard output.")

    @Argument(help: "The run's id, or its beginning.")
    var id: String

    @OptionGroup var store: StoreOptions

    @Option(help: "md, html or json.", transform: Self.format)
    var format = ReportFormat.md

    func run() async throws {
        Output.raw(try format.text(try await Composition().document(id, store)))
    }

    private static func format(_ text: String) throws -> ReportFormat {
        guard let format = ReportFormat(rawValue: text) else {
            throw ValidationError("`\(text)` is no form of a report: md, html or json.")
        }
        return format
    }
}

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes over a run that a dead process left: looks at what became of the work in hand, and goes on.")

    @Argument(help: "The run's id, or its beginning.")
    var id: String

    @OptionGroup var store: StoreOptions

    @Option(help: "Where the plan's reports are written.")
    var reports = "reports"

    @Option(help: "text for people, json for programs.")
    var format = OutputFormat.text

    func run() async throws {
        let composition = Composition()
        let journal = try await composition.journal(store)
        let row = try await composition.row(id, journal)
        guard row.state != .ended else {
            Output.diagnostic("Run \(row.id) has ended; there is nothing to resume.")
            throw ExitCode.validationFailure
        }
        let session = RunSession(composition: composition, journal: journal, format: format, reports: reports)
        let exit = try await session.resume(row)
        await journal.close()
        throw exit
    }
}

extension Composition {
    func row(_ id: String, _ journal: any JournalStore) async throws(JournalError) -> RunRow {
        guard let row = try await journal.row(id) else {
            throw JournalError(.notFound, "The journal has no run `\(id)`. `millwright runs` lists them.")
        }
        return row
    }

    func document(_ id: String, _ store: StoreOptions) async throws -> RunDocument {
        let journal = try await reader(store)
        let row = try await row(id, journal)
        var alive = false
        if let owner = row.owner { alive = try await Programs.isAlive(owner, on: host) }
        let document = try await RunDocument.read(row, from: journal, isAlive: alive)
        await journal.close()
        return document
    }
}
