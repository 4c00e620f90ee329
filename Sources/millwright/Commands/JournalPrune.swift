import ArgumentParser
import Evidence
import Host
import Journal
import Maintenance
import Plans

struct JournalPrune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Removes the records or the evidence of runs that ended long ago.",
        discussion: """
            A run's row, its measurements and its signed end stay, and verification knows what was removed and when. Never \
            removed: runs that are not over, and the newest passed run of a procedure. `serve` does this by itself as the \
            estate's `retention` says.
            """)

    @OptionGroup var store: StoreOptions

    @Option(help: "Removes the records, and what lies beside them, of runs that ended longer ago than this: 400d.")
    var olderThan: String?

    @Option(help: "Removes only what lies beside the records of runs that ended longer ago than this: 90d.")
    var evidenceOlderThan: String?

    @Flag(help: "Lists the runs and removes nothing.")
    var dryRun = false

    func run() async throws {
        let retention = Estate.Retention(runs: try age(olderThan), evidence: try age(evidenceOlderThan))
        guard retention != Estate.Retention() else {
            throw ValidationError("Say what is removed: --older-than 400d, --evidence-older-than 90d, or both.")
        }
        let composition = Composition()
        guard !dryRun else { return try await list(retention, composition) }
        let journal = try await composition.journal(store)
        let pruner = Pruner(journal: journal, host: composition.host)
        let count = try await journal.keeping { try await pruner.prune(retention) }
        try await journal.compact()
        await journal.close()
        Output.line("pruned \(count) \(count == 1 ? "run" : "runs")")
    }

    private func list(_ retention: Estate.Retention, _ composition: Composition) async throws {
        let journal = try await composition.reader(store)
        var isEmpty = true
        let filters = Pruner.filters(retention, at: composition.host.now(), limit: JournalLimits.listing)
        for filter in filters {
            for row in try await journal.prunable(filter) {
                isEmpty = false
                let what = filter.part == .records ? "records and evidence" : "evidence"
                Output.line("would remove \(what) of \(row.id)  \(row.service) \(row.procedure)")
            }
        }
        await journal.close()
        if isEmpty { Output.line("nothing is to be pruned") }
    }

    private func age(_ text: String?) throws -> Duration? {
        guard let text else { return nil }
        guard let age = try? Duration.read(.text(text)), age >= PlanLimits.shortestRetention else {
            throw ValidationError("`\(text)` is no duration of a day or more, such as 90d.")
        }
        return age
    }
}
