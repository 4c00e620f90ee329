import ArgumentParser
import ClientPrograms
import Host
import Journal
import Maintenance
import Reports

struct Runs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists runs, newest first.")

    @OptionGroup var store: StoreOptions

    @Option(help: "Only this service's runs.")
    var service: String?

    @Option(help: "Only this procedure's runs.")
    var procedure: String?

    @Flag(help: "Occurrences that got no run instead, each with the reason.")
    var missed = false

    @Option(help: "At most so many.")
    var limit = 20

    @Option(help: "text for people, json for programs.")
    var format = OutputFormat.text

    func run() async throws {
        let composition = Composition()
        let journal = try await composition.reader(store)
        if missed { return try await showMissed(journal) }
        let rows = try await journal.rows(RunFilter(service: service, procedure: procedure, limit: limit))
        var lines: [RunLine] = []
        for row in rows { lines.append(try await RunLine(row, composition, journal)) }
        await journal.close()
        switch format {
        case .json: try Output.json(lines)
        case .text: show(lines)
        }
    }

    private func showMissed(_ journal: any JournalStore) async throws {
        let rows = try await journal.missed(MissedFilter(service: service, procedure: procedure, limit: limit))
        await journal.close()
        switch format {
        case .json: try Output.json(rows)
        case .text:
            if rows.isEmpty { Output.line("nothing was missed") }
            for row in rows {
                let until =
                    row.count > 1 ? " to \(row.last), \(row.isAtLeast ? "at least " : "")\(row.count) of them" : ""
                Output.line(
                    "\(Style.sign(.unknown)) \(row.occurrence)\(until): \(row.cause). \(Style.soft(row.sentence))")
            }
        }
    }

    private func show(_ lines: [RunLine]) {
        if lines.isEmpty { Output.line("no runs yet") }
        for line in lines {
            Output.line(
                "\(Style.sign(line.verdict)) \(line.run)  \(line.service) \(line.procedure)  "
                    + (line.verdict?.rawValue ?? line.state))
        }
        if let left = lines.first(where: { $0.state == "interrupted" }) {
            Output.line("Its process died in the middle: `millwright resume \(left.run)` takes \(left.run) over.")
        }
    }
}

/// A run in a listing. One whose process is gone is `interrupted`, whatever the journal last heard.
private struct RunLine: Encodable {
    let run: String
    let service: String
    let environment: String
    let procedure: String
    let state: String
    let verdict: Verdict?
    let startedAt: Instant
    let endedAt: Instant?

    init(_ row: RunRow, _ composition: Composition, _ journal: any JournalStore) async throws {
        run = row.id
        service = row.service
        environment = row.environment
        procedure = row.procedure
        var isGone = false
        if row.state == .running, row.owner != nil { isGone = try await !composition.isAlive(row, in: journal) }
        state = isGone ? "interrupted" : row.state.rawValue
        verdict = row.verdict
        startedAt = row.startedAt
        endedAt = row.endedAt
    }
}
