import Host
import Maintenance

/// The programs that a plan or an estate declares as actions: each is asked what it is while the file is read.
struct ProgramReader {
    let catalogue: Catalogue
    let host: Host
    /// The folder of the file: paths among a program's arguments count from there.
    let folder: String
    /// Those that the estate declares.
    var known: [ActionProgram] = []

    func read(_ fields: Fields, _ log: inout MistakeLog) -> [ActionProgram] {
        var programs: [ActionProgram] = []
        for entry in fields.named("actions", &log) {
            guard let fields = Fields(entry.value, PlanKeys.program, &log) else { continue }
            ClearSecrets.report(in: entry.value, &log)
            let arguments = fields.read("program", as: [String].self, &log)
            let environment = fields.read("environment", as: [String: String].self, &log)
            guard let arguments, mayBeNamed(entry, &log), hasNoReference(entry.value, &log) else { continue }
            let source = ActionPrograms.Source(
                name: entry.key, arguments: arguments.value, environment: environment?.value ?? [:], folder: folder)
            if let program = described(source, at: arguments.position, &log) { programs.append(program) }
        }
        return programs
    }

    private func mayBeNamed(_ entry: PlanNode.Entry, _ log: inout MistakeLog) -> Bool {
        if known.contains(where: { $0.name == entry.key }) {
            log.report("`\(entry.key)` is declared in the estate too; remove one of them", at: entry.position)
            return false
        }
        // Names of later versions must not meet those of programs.
        let domain = entry.key.prefix { $0 != "." } + "."
        let own = known.map(\.name)
        guard catalogue.actions.keys.contains(where: { $0.hasPrefix(domain) && !own.contains($0) }) else { return true }
        log.report(
            "`\(domain)…` are built in; give the program's action a name of another domain, such as `our-\(entry.key)`",
            at: entry.position)
        return false
    }

    /// Every user of the machine can read an argument vector: what a program needs to know comes with each request.
    private func hasNoReference(_ node: PlanNode, _ log: inout MistakeLog) -> Bool {
        var places: [Position] = []
        node.forEachText { _, text, position in
            if text.contains("${") { places.append(position) }
        }
        for place in places {
            log.report(
                "a program is started without references; give the action a parameter of type `secret`, which it gets on "
                    + "its standard input", at: place)
        }
        return places.isEmpty
    }

    private func described(
        _ source: ActionPrograms.Source, at position: Position, _ log: inout MistakeLog
    ) -> ActionProgram? {
        guard let programs = catalogue.programs else {
            log.report("programs cannot be actions here", at: position)
            return nil
        }
        do {
            let program = try programs.describe(source, host)
            for kind in try programs.define(program).roles.flatMap(\.kinds) where catalogue.kinds[kind] == nil {
                log.report(
                    "`\(source.name)` works on targets of a kind that is not known: "
                        + unknown(kind, "kind of target", among: Array(catalogue.kinds.keys)), at: position)
            }
            return program
        } catch let error as ValueErrors {
            for error in error.errors { log.report(error.message, at: position) }
        } catch {
            log.report("`\(source.name)` cannot be an action: \(Cause(error).sentence)", at: position)
        }
        return nil
    }
}
