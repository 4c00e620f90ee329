import ClientPrograms
import Host
import Maintenance

/// Runs a program. Nobody can know what it does, so that its effect is proven by the checks in the step's `proof`.
struct RunProgram: ProvenElsewhere {
    typealias Kind = HostKind

    /// Which process made the intent: another one that asks has found the work after a crash.
    struct Baseline: Codable, Sendable {
        let intendedBy: ProcessIdentity
    }

    enum Disturbance: String, WordValue { case online, disruptive, destructive }

    static let declaration = Declaration(
        name: "program.run",
        summary: "Runs a program to its end; the checks in `proof` say whether it did what it should.",
        measurements: [],
        timeout: .seconds(600),
        applies: "The machine that Millwright runs on.",
        example: """
            command: [logrotate, --force, /etc/logrotate.d/app]
            environment: { MODE: weekly }
            directory: /
            """)

    static var parameters: [Parameter<RunProgram>] {
        [
            .required(
                "command", \.command,
                "The program and its arguments, each an item; no shell reads them. Nothing secret: all can see it."
            ),
            .optional(
                "environment", \.environment, default: [:],
                "Variables for it, besides PATH, HOME, LANG, TZ and their like."),
            .optional(
                "secrets", \.secrets, default: [:], "Variables for it that are secret; each value a reference."),
            .optional("directory", \.directory, default: nil, "The directory that it runs in."),
            .optional("expect-exit", \.expectExit, default: [0], "The exit codes that are well."),
            .optional(
                "again-after-crash", \.againAfterCrash, default: false,
                "Whether it may run again where a crash hides whether it ran: true only where twice is as good as once."
            ),
            .optional("impact", \.disturbance, default: .disruptive, "How much it disturbs the service."),
        ]
    }

    var command: [String] = []
    var environment: [String: String] = [:]
    var secrets: [String: Secret] = [:]
    var directory: String?
    var expectExit = [0]
    var againAfterCrash = false
    var disturbance = Disturbance.disruptive

    var impact: Impact {
        switch disturbance {
        case .online: .online
        case .disruptive: .disruptive
        case .destructive: .destructive
        }
    }

    private var program: ProgramCommand {
        ProgramCommand(command, environment: environment, secrets: secrets, directory: directory)
    }

    func validate() throws(ValueError) {
        try program.validate()
        guard !expectExit.isEmpty, expectExit.allSatisfy({ (0...255).contains($0) }) else {
            throw ValueError("an exit code is a number from 0 to 255", path: ["expect-exit"])
        }
    }

    func preview(_ access: HostAccess, in context: Context) async throws -> Preview {
        var findings: [Finding] = []
        if try await access.find(program) == nil {
            let cause = Cause(.notFound, "The program \(command[0]) is not there, or may not be run.")
            findings.append(Finding(command[0], .fail, cause, advice: "Install it, or name its whole path."))
        }
        let unit = WorkUnit(
            id: "program", title: command[0], expected: .seconds(60),
            attributes: [WorkUnit.againAfterCrash: String(againAfterCrash)])
        return Preview(
            summary: "runs \(command[0])", units: [unit], findings: findings, statements: [program.line])
    }

    func prepare(_ unit: WorkUnit, _ access: HostAccess, in context: Context) async throws -> Baseline {
        Baseline(intendedBy: try await access.ownProcess())
    }

    func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: HostAccess, in context: Context
    ) async throws -> ChangeState {
        if try await access.ownProcess() == baseline.intendedBy {
            return .unknown(Cause(.nobodyLooked, "It ran, and nobody looked."))
        }
        if try await access.isAtWork(context.label) { return .running(handle: context.label.description) }
        if againAfterCrash { return .pending }
        return .unknown(
            Cause(
                .perhapsApplied,
                "Millwright ended while \(command[0]) may have run. Look whether it did, or say "
                    + "`again-after-crash: true` where running it twice is as good as once."))
    }

    func apply(_ unit: WorkUnit, since baseline: Baseline, _ access: HostAccess, in context: Context) async throws {
        let result = try await access.run(program)
        switch result.ending {
        case .exited(let code) where expectExit.contains(Int(code)): return
        case .exited(let code):
            throw ChangeFailed(.exitCode, "\(command[0]) ended with exit code \(code).\(Self.lastWords(result))")
        case .signalled(let signal):
            throw ChangeFailed(.exitCode, "\(command[0]) was ended by signal \(signal).\(Self.lastWords(result))")
        }
    }

    /// The end of what it said about its trouble.
    private static func lastWords(_ result: ProgramResult) -> String {
        let text = result.standardError.isEmpty ? result.standardOutput : result.standardError
        let lines = text.split(whereSeparator: \.isNewline).suffix(5).joined(separator: " / ")
        let printable = lines.filter { $0 >= " " }
        guard !printable.isEmpty else { return " It said nothing." }
        let length = HostActionLimits.lastWords
        return " Its last words: " + (printable.count > length ? "…" + printable.suffix(length) : printable)
    }
}

/// The bounds of this module, each with what it protects.
enum HostActionLimits {
    /// Characters of a program's own words in a cause.
    static let lastWords = 200
}

extension Cause.Code {
    /// A program ended, and not as it should.
    static let exitCode = Cause.Code(rawValue: "exit-code")
}
