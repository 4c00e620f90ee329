import ArgumentParser
import Evidence
import Host
import Journal
import Maintenance
import SQLiteJournal

struct JournalCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Looks through the whole journal: every run's chain, its evidence, and the chain of checkpoints.",
        discussion: "Exit codes: 0 all is as it was recorded, 2 something is not.")

    @OptionGroup var store: StoreOptions

    @Option(
        help: "A key that signed earlier ones: its fingerprint, or a file with the public key in PEM. May be repeated.")
    var key: [String] = []

    @Option(help: "text for people, json for programs.")
    var format = OutputFormat.text

    func run() async throws {
        let composition = Composition()
        let files = try composition.stateFiles(store)
        var keys = Set(try key.map { try KeyArgument.fingerprint($0, host: composition.host) })
        if let own = try files.existingKey()?.publicKey { keys.insert(own.fingerprint) }
        var problems: [Inspection.Problem] = []
        var inspection: Inspection?
        do throws(JournalError) {
            let journal = try await composition.reader(store)
            problems = try await look(at: journal, files)
            inspection = try await Inspection.of(
                journal, keys: keys, streams: ["dispatcher", Composition.journalStream])
            await journal.close()
        } catch {
            guard error.code == .corrupt else { throw error }
            problems.append(Inspection.Problem("the file", error.sentence, advice: Self.advice))
        }
        problems += inspection?.problems ?? []
        try show(problems, inspection)
        if !problems.isEmpty { throw ExitCode(Verdict.fail.exitCode) }
    }

    private static let advice =
        "Copy the file with its -wal before anything else. The next start sets it aside and begins a new journal; or put "
        + "a backup in its place."

    /// The file itself, and whether it is as new as its mark.
    private func look(
        at journal: any JournalStore, _ files: StateFiles
    ) async throws(JournalError) -> [Inspection.Problem] {
        var problems: [Inspection.Problem] = []
        if let journal = journal as? SQLiteJournal {
            problems = try await journal.integrityProblems().map {
                Inspection.Problem("the file", "SQLite says: \($0).", advice: Self.advice)
            }
        }
        if let suspicion = try await JournalMark.suspicion(of: journal, try files.mark()) {
            problems.append(
                Inspection.Problem(
                    "the journal", "\(suspicion): it may have been put back from a backup.",
                    advice: "The next writing start holds everything: look at what runs since then left, and release."))
        }
        return problems
    }

    private struct Answer: Encodable {
        let runs: Int?
        let records: Int?
        let bodies: Int?
        let checkpoints: Int?
        let pruned: Int?
        let problems: [Inspection.Problem]
        let more: Int
    }

    private func show(_ problems: [Inspection.Problem], _ inspection: Inspection?) throws {
        guard format == .text else {
            return try Output.json(
                Answer(
                    runs: inspection?.runs, records: inspection?.records, bodies: inspection?.bodies,
                    checkpoints: inspection?.checkpoints, pruned: inspection?.pruned, problems: problems,
                    more: inspection?.more ?? 0))
        }
        for problem in problems {
            Output.line("\(Style.sign(.fail)) \(Style.plain("\(problem.subject): \(problem.sentence)"))")
            Output.line("    \(Style.soft(problem.advice))")
        }
        if let more = inspection?.more, more > 0 { Output.line("… and \(more) more") }
        guard let inspection else { return }
        Output.line(
            "\(Style.sign(problems.isEmpty ? .pass : .fail)) \(inspection.runs) runs (\(inspection.pruned) pruned), "
                + "\(inspection.records) records, \(inspection.bodies) bodies, \(inspection.checkpoints) checkpoints: "
                + "\(problems.isEmpty ? "all as recorded" : "\(problems.count + inspection.more) problems")")
    }
}
