import ArgumentParser
import Engine
import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans
import Reports

struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Agrees to a step that waits for approval, or refuses it; or lets it go ahead unasked from now on.",
        usage: """
            millwright approve RUN STEP [--yes | --refuse] [--note TEXT]
            millwright approve --standing SERVICE PROCEDURE STEP --limit N --until DATE --reason TEXT
            millwright approve --list
            millwright approve --take-back ID
            """,
        discussion: """
            Without --yes or --refuse it shows what the step would do. An approval holds for that and no more: should the \
            step find more to do when it begins, it asks again. Who speaks is the user of the operating system.

            An approval that stands holds for the step as a run asked about it last, with the same parameters on the same \
            targets, for at most so many units and so much in all, until its end, a year away at most. Whatever else the \
            step would do is asked about as always.
            """)

    @Argument(help: "The run's id, or its beginning, and the step; with --standing service, procedure and step.")
    var names: [String] = []

    @Flag(help: "Agrees.")
    var yes = false

    @Flag(help: "Refuses.")
    var refuse = false

    @Option(help: "Why; it is recorded.")
    var note: String?

    @OptionGroup var standing: StandingOptions
    @OptionGroup var store: StoreOptions

    func validate() throws {
        if yes, refuse { throw ValidationError("--yes or --refuse, not both.") }
        try standing.validate(names, besides: yes || refuse || note != nil)
        if !standing.isAsked, names.count != 2 { throw ValidationError("Give a run and a step of it.") }
    }

    func run() async throws {
        if standing.isAsked { return try await standing.run(names, store) }
        let step = names[1]
        let waiting = try await Waiting.find(names[0], step, store)
        guard let proposal = waiting.step.proposal, !proposal.isAgreed, waiting.asksForApproval else {
            throw ValidationError("\(step) of run \(waiting.run.id) asks for no approval now.")
        }
        guard yes || refuse else { return show(waiting, proposal) }
        try waiting.say(
            Inbox.Letter(
                run: waiting.run.id, step: step, word: refuse ? .refuse : .agree, proposal: proposal.digest, note: note),
            as: refuse ? .refused : .agreed)
        let isAhead = waiting.run.start?.plan.asks != nil
        let next = isAhead ? "nothing is done before its time" : "the run goes on when enough have"
        Output.line(refuse ? "refused" : "agreed; \(next).")
    }

    private func show(_ waiting: Waiting, _ proposal: ChangeProposal) {
        let approval = waiting.plan.approval
        let agreed = waiting.step.decisions.filter { $0.word == .agreed && $0.proposal == proposal.digest }.map(\.by)
        Output.line("\(Style.strong(waiting.title)) \(Style.soft("run \(waiting.run.id)"))")
        if let asks = waiting.run.start?.plan.asks {
            Output.line("  asked ahead, for the occurrence of \(asks.nominal)")
        }
        Output.line("  \(waiting.plan.action) on \(waiting.places)")
        Output.line("  \(Style.plain(waiting.step.summary))")
        Output.line("  \(proposal.units) units, \(MeasurementText.number(proposal.size)) in all")
        for finding in waiting.step.findings {
            Output.line("  \(Style.sign(finding.severity)) \(Style.plain(finding.cause.sentence))")
        }
        for statement in waiting.step.statements.prefix(12) {
            Output.line(Style.soft("    " + Words.oneLine(Style.plain(statement))))
        }
        if let approval {
            Output.line(
                "  \(approval.count) of \(approval.by.joined(separator: ", ")) must agree"
                    + (agreed.isEmpty ? "" : "; \(agreed.joined(separator: ", ")) did"))
        }
        Output.line("  millwright approve \(waiting.run.id) \(waiting.step.id) --yes | --refuse --note \"…\"")
    }
}

struct Answer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answers a step that asks people.",
        discussion:
            "Without fields or --yes or --no it shows the question. Who speaks is the user of the operating system.")

    @Argument(help: "The run's id, or its beginning.")
    var id: String

    @Argument(help: "The step.")
    var step: String

    @Option(name: .customLong("field"), help: "What is filled in, NAME=VALUE; may be repeated.")
    var fields: [String] = []

    @Flag(help: "Yes, to a question without fields.")
    var yes = false

    @Flag(help: "No; the step fails.")
    var no = false

    @Option(help: "What else is to be said; it is recorded.")
    var note: String?

    @Option(help: "A file that is kept with the answer; may be repeated.")
    var attach: [String] = []

    @OptionGroup var store: StoreOptions

    func run() async throws {
        let waiting = try await Waiting.find(id, step, store)
        guard case .ask(let question)? = waiting.plan.kind else {
            throw ValidationError("\(step) of run \(waiting.run.id) asks no question.")
        }
        guard !fields.isEmpty || yes || no else { return show(waiting, question) }
        if yes, no { throw ValidationError("--yes or --no, not both.") }
        var values: [String: String] = [:]
        for field in fields {
            guard let equals = field.firstIndex(of: "="), equals != field.startIndex else {
                throw ValidationError("--field \(field): write NAME=VALUE.")
            }
            values[String(field[..<equals])] = String(field[field.index(after: equals)...])
        }
        let enclosed = try attach.map { path in
            Inbox.Letter.Enclosure(
                name: URL(filePath: path).lastPathComponent,
                content: Data(try Composition().host.readFile(path, EngineLimits.attachedFile)))
        }
        let letter = Inbox.Letter(
            run: waiting.run.id, step: step, word: no ? .refuse : fields.isEmpty ? .agree : .answer, note: note,
            values: values, enclosed: enclosed)
        try waiting.say(letter, as: no ? .refused : fields.isEmpty ? .agreed : .answered)
        Output.line("answered")
    }

    private func show(_ waiting: Waiting, _ question: RunQuestion) {
        Output.line("\(Style.strong(waiting.title)) \(Style.soft("run \(waiting.run.id)"))")
        Output.line("  \(Style.plain(question.text))")
        for field in question.fields {
            let summary = field.summary.map { ": \($0)" } ?? ""
            Output.line(
                "  --field \(field.name)=…  a \(field.type.rawValue)\(field.isRequired ? "" : ", if wanted")\(summary)")
        }
        if question.fields.isEmpty { Output.line("  --yes or --no") }
        if !question.from.isEmpty { Output.line("  asks \(question.from.joined(separator: ", "))") }
    }
}

struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Asks a run to stop at its next safe point.",
        discussion: "The unit in hand is finished and looked at; final steps are run. `hold` stops what is under way.")

    @Argument(help: "The run's id, or its beginning.")
    var id: String

    @Option(help: "Why; it is recorded.")
    var note: String?

    @OptionGroup var store: StoreOptions

    func run() async throws {
        let composition = Composition()
        let journal = try await composition.reader(store)
        let row = try await composition.row(id, journal)
        await journal.close()
        guard row.state != .ended else {
            Output.diagnostic("Run \(row.id) has ended.")
            throw ExitCode.validationFailure
        }
        try composition.inbox(store).leave(Inbox.Letter(run: row.id, word: .cancel, note: note))
        Output.line("asked; run \(row.id) stops at its next safe point.")
    }
}

/// A step of a run that waits for the word of people.
private struct Waiting {
    let run: Run
    let machine: RunMachine
    let step: StepState
    let plan: RunStep
    let inbox: Inbox
    let host: Host

    static func find(_ id: String, _ step: String, _ store: StoreOptions) async throws -> Waiting {
        let composition = Composition()
        let journal = try await composition.reader(store)
        let row = try await composition.row(id, journal)
        let machine = try RunMachine(replaying: try await journal.records(of: row.id), of: row.id)
        await journal.close()
        guard let state = machine.state.step(step),
            let plan = machine.state.start?.plan.steps.first(where: { $0.id == step })
        else {
            let names = machine.state.steps.map(\.id).joined(separator: ", ")
            throw ValidationError("Run \(row.id) has no step `\(step)`; it has \(names).")
        }
        guard case .awaitingDecision = state.phase else {
            throw ValidationError("\(step) of run \(row.id) waits for nobody's word now.")
        }
        return Waiting(
            run: machine.state, machine: machine, step: state, plan: plan, inbox: try composition.inbox(store),
            host: composition.host)
    }

    var title: String {
        let start = run.start?.plan
        return "\(start?.service ?? "") \(start?.procedure ?? "") \(step.id)"
    }

    /// Before it changes something, or ahead of the run that does.
    var asksForApproval: Bool { plan.kind == nil || plan.kind == .askAhead }

    var places: String {
        plan.targets.values.map { run.start?.identities[$0] ?? $0 }.sorted().joined(separator: ", ")
    }

    /// Says at once why a word would not count, rather than leave it unheard.
    func say(_ letter: Inbox.Letter, as word: Decision.Word) throws {
        let decision = Decision(
            id: "", by: RunSession.operatorName, at: host.now(), word: word, proposal: letter.proposal,
            note: letter.note, values: letter.values)
        if let objection = machine.objection(to: decision, on: step) {
            Output.diagnostic(objection)
            throw ExitCode.validationFailure
        }
        try inbox.leave(letter)
    }
}
