import ActionsExternal
import ArgumentParser
import FoundationEssentials
import Host
import Maintenance

struct ActionsTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Holds a program to the protocol of actions, for real.",
        discussion: """
            It is asked rightly and wrongly, cancelled, killed while it applies, repeated and undone: give it parameters \
            and targets of a scratch place. Exit code 0 when every rule held, 2 when one did not.
            """)

    @Argument(help: "The program and its arguments.")
    var program: [String]

    @Option(help: "Which of its actions, where it has several.")
    var action: String?

    @Option(name: .customLong("with"), help: "A parameter, as NAME=VALUE; the example of its description without any.")
    var parameters: [String] = []

    @Option(
        name: .customLong("target"),
        help: "What it works on, as KIND=SETTING or ROLE:KIND=SETTING; this machine without it.")
    var targets: [String] = []

    @Option(help: "text for people, json for programs.")
    var format = OutputFormat.text

    func run() async throws {
        let composition = Composition()
        let targets = try stepTargets(composition)
        let suite = ConformanceSuite(
            program, action: action, folder: FileManager.default.currentDirectoryPath, parameters: try values(),
            targets: targets, host: composition.host)
        let rows = await suite.run { row in
            if format == .text { Output.line(Self.line(row)) }
        }
        await targets.close()
        if format == .json { try Output.json(rows.map(Self.document)) }
        let isHeld = rows.allSatisfy { if case .notHeld = $0.outcome { false } else { true } }
        throw ExitCode(isHeld ? 0 : Verdict.fail.exitCode)
    }

    private func values() throws -> PlanValue? {
        guard !parameters.isEmpty else { return nil }
        return .map(
            try parameters.map { text in
                guard let (name, value) = Self.halves(text) else {
                    throw ValidationError("`\(text)` is no parameter; write NAME=VALUE.")
                }
                return PlanValue.Entry(name, .text(value))
            })
    }

    private func stepTargets(_ composition: Composition) throws -> StepTargets {
        var byRole: [String: OpenTarget] = [:]
        for text in targets.isEmpty ? ["host=local"] : targets {
            guard let (name, setting) = Self.halves(text), let kindName = name.split(separator: ":").last,
                let kind = composition.catalogue.kinds[String(kindName)]
            else {
                let kinds = composition.catalogue.sortedKinds.map(\.name).joined(separator: ", ")
                throw ValidationError("`\(text.prefix(40))` is no target; write KIND=SETTING, the kinds are \(kinds).")
            }
            let role = name.contains(":") ? String(name.prefix { $0 != ":" }) : TargetRole.only
            do throws(ValueErrors) {
                byRole[role] = OpenTarget(
                    try kind.target(from: .text(setting)), settings: kind.spelledOut(.text(setting)),
                    on: composition.host)
            } catch {
                throw ValidationError(
                    "The target `\(name)` is wrong: \(error.errors.map(\.message).joined(separator: "; ")).")
            }
        }
        return StepTargets(byRole)
    }

    private static func halves(_ text: String) -> (String, String)? {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else { return nil }
        return (String(text[..<sign]), String(text[text.index(after: sign)...]))
    }

    private static func line(_ row: ConformanceRow) -> String {
        let (sign, why): (String, String) =
            switch row.outcome {
            case .held: (Style.sign(.pass), row.summary)
            case .notHeld(let why): (Style.sign(.fail), "\(row.summary) Not so: \(why)")
            case .notTried(let why): (Style.soft("-"), "\(row.summary) Not tried: \(why)")
            }
        return "\(sign) \(row.rule)\(String(repeating: " ", count: max(1, 22 - row.rule.count)))\(Style.plain(why))"
    }

    private static func document(_ row: ConformanceRow) -> [String: String] {
        switch row.outcome {
        case .held: ["rule": row.rule, "outcome": "held"]
        case .notHeld(let why): ["rule": row.rule, "outcome": "not held", "cause": why]
        case .notTried(let why): ["rule": row.rule, "outcome": "not tried", "cause": why]
        }
    }
}
