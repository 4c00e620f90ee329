import ArgumentParser
import Engine
import Host
import Journal
import Maintenance
import Plans

/// `approve` beyond the step of a run: approvals that stand.
struct StandingOptions: ParsableArguments {
    @Flag(help: "From now on the step of a procedure goes ahead unasked, up to --limit and before --until.")
    var standing = false

    @Option(help: "How many units and how much in all (rows, keys) it holds for, at most; with --standing.")
    var limit: Double?

    @Option(help: "When it ends: a day, itself included, or an instant; a year away at most; with --standing.")
    var until: String?

    @Option(help: "Why; with --standing.")
    var reason: String?

    @Option(help: "The plan's environment; needed where the procedure runs in several; with --standing.")
    var environment: String?

    @Flag(help: "Shows the approvals that stand.")
    var list = false

    @Option(help: "Takes back the approval of this id: who gave it may, and the user whom Millwright runs as.")
    var takeBack: String?

    @Option(help: "text for people, json for programs; with --list.")
    var format = OutputFormat.text

    var isAsked: Bool { standing || list || takeBack != nil }

    func validate(_ names: [String], besides other: Bool) throws {
        let asked = [standing, list, takeBack != nil].count { $0 }
        guard asked > 0 else {
            guard limit == nil, until == nil, reason == nil else {
                throw ValidationError("--limit, --until and --reason go with --standing.")
            }
            return
        }
        if asked > 1 || other {
            throw ValidationError("One of --standing, --list, --take-back, and a run's step, at a time.")
        }
        guard standing else {
            if !names.isEmpty { throw ValidationError("--list and --take-back take no run and no step.") }
            return
        }
        if names.count != 3 { throw ValidationError("--standing takes a service, a procedure and a step.") }
        if limit == nil || until == nil || reason == nil {
            throw ValidationError(
                "--standing needs --limit, --until and --reason: what it holds for, until when, and why.")
        }
    }

    func run(_ names: [String], _ store: StoreOptions) async throws {
        let composition = Composition()
        if standing { return try await give(names, store, composition) }
        let journal = try await composition.reader(store)
        let approvals = try await StandingApprovals.read(from: journal)
        await journal.close()
        let inbox = try composition.inbox(store)
        guard let id = takeBack else { return try show(approvals, inbox, composition.host.now()) }
        guard approvals.contains(where: { $0.id == id }) else {
            throw ValidationError("No approval \(id) stands. `millwright approve --list` shows those that do.")
        }
        try inbox.leave(Inbox.Letter(run: StandingApprovals.stream, step: id, word: .refuse))
        Output.line("asked; it is gone once it is recorded, before any run comes to its step.")
    }

    // MARK: To give one

    private func give(_ names: [String], _ store: StoreOptions, _ composition: Composition) async throws {
        let now = composition.host.now()
        guard let limit, let reason, let end = until.flatMap(Self.instant) else {
            throw ValidationError("--until \(until ?? ""): write a day like 2027-06-30, or 2027-06-30T02:00:00Z.")
        }
        let journal = try await composition.reader(store)
        let asked = try await Asked.find(names, environment, journal)
        await journal.close()
        let terms = StandingApproval.Terms(
            service: names[0], environment: asked.environment, procedure: names[1], step: names[2], what: asked.what,
            work: asked.proposal.work, limit: limit, until: end, reason: reason)
        let user = RunSession.operatorName
        let stranger =
            asked.approval.by.contains(user)
            ? nil : "Only \(asked.approval.by.joined(separator: ", ")) may agree to it."
        if let objection = terms.mistake(at: now) ?? stranger {
            Output.diagnostic(objection)
            throw ExitCode.validationFailure
        }
        var letter = Inbox.Letter(run: StandingApprovals.stream, step: names[2], word: .agree)
        letter.standing = terms
        try composition.inbox(store).leave(letter)
        Output.line("\(Style.strong(names.joined(separator: " "))): \(Style.plain(asked.what))")
        let amount = "\(asked.proposal.units) units, \(MeasurementText.number(asked.proposal.size)) in all"
        Output.line("  run \(asked.run) asked for \(amount)")
        Output.line("  goes ahead unasked up to \(MeasurementText.number(limit)), until \(end)")
        if asked.approval.count > 1 { Output.line("  once \(asked.approval.count) people have said so") }
        Output.line("`millwright approve --list` shows it once it is recorded.")
    }

    /// A day lasts until its end, in UTC.
    private static func instant(_ text: String) -> Instant? {
        Instant(text) ?? Instant("\(text)T00:00:00Z").map { $0 + .seconds(86_400) }
    }

    // MARK: To show them

    private func show(_ approvals: [StandingApproval], _ inbox: Inbox, _ now: Instant) throws {
        if format == .json { return try Output.json(approvals) }
        let waiting = inbox.letters(for: StandingApprovals.stream)
        if approvals.isEmpty, waiting.isEmpty { Output.line("no approval stands") }
        for approval in approvals {
            let terms = approval.terms
            let isOver = terms.until <= now
            Output.line(
                "\(Style.sign(isOver ? nil : .pass)) \(approval.id)  \(Self.name(terms))  up to "
                    + "\(MeasurementText.number(terms.limit)), \(isOver ? "ended" : "until") \(terms.until)")
            Output.line(Style.soft("    \(approval.by), \(approval.at): \(Style.plain(terms.reason))"))
        }
        for letter in waiting {
            let what = letter.letter.standing.map(Self.name) ?? "take back \(letter.letter.step)"
            Output.line("\(Style.sign(nil)) not recorded yet: \(Style.plain(what)), by \(letter.by)")
        }
    }

    private static func name(_ terms: StandingApproval.Terms) -> String {
        "\(terms.service)/\(terms.environment)/\(terms.procedure) \(terms.step)"
    }
}

/// A step as a run asked about it last.
private struct Asked {
    let run: String
    let environment: String
    let what: String
    let proposal: ChangeProposal
    let approval: RunApproval

    static func find(_ names: [String], _ environment: String?, _ journal: any JournalStore) async throws -> Asked {
        let (service, procedure, step) = (names[0], names[1], names[2])
        var rows: [RunRow] = []
        for name in [procedure, AskingAhead.name(of: procedure)] {
            rows += try await journal.rows(
                RunFilter(
                    service: service, environment: environment, procedure: name, limit: EngineLimits.earlierRuns))
        }
        let environments = Set(rows.map(\.environment)).sorted()
        if environments.count > 1 {
            throw ValidationError("Say which --environment: \(environments.joined(separator: ", ")).")
        }
        for row in rows.sorted(by: { $0.startedAt > $1.startedAt }) {
            guard
                let run = try? RunMachine(replaying: try await journal.records(of: row.id), of: row.id).state,
                let proposal = run.step(step)?.proposal,
                let plan = run.start?.plan.steps.first(where: { $0.id == step }), let approval = plan.approval
            else { continue }
            let places = plan.targets.values.map { run.start?.identities[$0] ?? $0 }.sorted()
            return Asked(
                run: row.id, environment: row.environment, what: "\(plan.action) on \(places.joined(separator: ", "))",
                proposal: proposal, approval: approval)
        }
        throw ValidationError(
            "No run of \(service) \(procedure) has asked about `\(step)` yet: an approval stands for what people were "
                + "asked about once.")
    }
}
