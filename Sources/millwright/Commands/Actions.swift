import ArgumentParser
import Maintenance
import Plans
import Reference

struct Actions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the actions, tells all about one, or holds a program to their protocol.",
        subcommands: [ActionsList.self, ActionsTest.self], defaultSubcommand: ActionsList.self)
}

struct ActionsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the actions, or tells all about one.")

    @Argument(help: "An action's name.")
    var name: String?

    @Option(help: "A plan's file: the programs that it declares as actions are among them.")
    var plan: String?

    func run() throws {
        let composition = Composition()
        let programs = try plan.map { try composition.plan($0).programs } ?? []
        let catalogue = composition.catalogue.adding(programs)
        guard let name else {
            for action in catalogue.sortedActions {
                let padding = String(repeating: " ", count: max(1, 30 - action.name.count))
                Output.line("\(action.name)\(padding)\(action.declaration.summary)")
            }
            return
        }
        guard let action = catalogue.actions[name] else {
            let hint = name.closest(among: catalogue.actions.keys).map { " Did you mean `\($0)`?" } ?? ""
            throw ValidationError("There is no action `\(name)`.\(hint) `millwright actions` lists them.")
        }
        Output.raw(ActionPage.text(action))
    }
}

struct ReferenceDocs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Writes the generated reference, or checks that it is up to date.")

    enum Verb: String, ExpressibleByArgument, CaseIterable { case write, check }

    @Argument(help: "write or check.")
    var verb: Verb

    @Option(help: "The reference's folder.")
    var directory = "docs/reference"

    func run() throws {
        let pages = try ReferencePages.all(
            Composition().catalogue, commandLine: CommandLinePage.text(Millwright.self))
        switch verb {
        case .write:
            try pages.write(to: directory)
            Output.line("\(pages.files.count) pages written to \(directory)")
        case .check:
            let outdated = try pages.outdated(in: directory)
            guard outdated.isEmpty else {
                for path in outdated { Output.diagnostic("\(path) is out of date: `make docs` writes it anew.") }
                throw ExitCode.failure
            }
            Output.line("\(pages.files.count) pages up to date")
        }
    }
}
