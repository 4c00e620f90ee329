import ArgumentParser
import ClientPrograms
import Evidence
import Journal
import Maintenance
import Plans
import Reports
import Schedules

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
                for line in Words.agreed(step) { Output.line("    \(Style.plain(line))") }
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

    @Option(
        help: "What it shows: run, daily (its checks against the day before) or weekly (the seven days before it).",
        transform: Self.template)
    var template = ReportTemplate.run

    @Option(help: "md, html or json.", transform: Self.format)
    var format = ReportFormat.md

    func run() async throws {
        let composition = Composition()
        let journal = try await composition.reader(store)
        let row = try await composition.row(id, journal)
        try await composition.refusePruned(row, journal)
        let zone = composition.zone(try await WrittenReport.timezone(of: row, from: journal))
        let texts = try await WrittenReport.texts(
            template, [format], of: row, from: journal, in: zone,
            isAlive: try await composition.isAlive(row, in: journal))
        await journal.close()
        for (_, text) in texts { Output.raw(text) }
    }

    private static func template(_ text: String) throws -> ReportTemplate {
        guard let template = ReportTemplate(rawValue: text) else {
            throw ValidationError("`\(text)` is no report: run, daily or weekly.")
        }
        return template
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
        let session = RunSession(
            composition: composition, journal: journal, format: format, reports: reports,
            holds: try composition.holds(store), inbox: try composition.inbox(store))
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

    /// Of a run whose records retention removed, there is no more than its row to show.
    func refusePruned(_ row: RunRow, _ journal: any JournalStore) async throws(JournalError) {
        let own = try await journal.checkpoints(CheckpointFilter(run: row.id))
        guard let pruned = own.first(where: { $0.kind == .pruned }) else { return }
        throw JournalError(
            .notFound,
            "Retention removed the records of run \(row.id) on \(pruned.at). It ended with "
                + "\(row.verdict?.rawValue ?? "no verdict"); an exported bundle has the rest.", run: row.id)
    }

    func document(_ id: String, _ store: StoreOptions) async throws -> RunDocument {
        let journal = try await reader(store)
        let row = try await row(id, journal)
        try await refusePruned(row, journal)
        let document = try await RunDocument.read(row, from: journal, isAlive: try await isAlive(row, in: journal))
        await journal.close()
        return document
    }

    /// The zone of a run's plan. Where this machine does not know it, days are told in UTC, and the report says UTC.
    func zone(_ name: String) -> Zone { (try? Zone.load(name, host: host)) ?? .utc }
}
