import ArgumentParser
import Plans

struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says everything that is wrong with plans, without reaching any target.")

    @Argument(help: "Plan files.")
    var plans: [String]

    func run() throws {
        let composition = Composition()
        var isWrong = false
        for path in plans {
            do {
                let plan = try composition.plan(path)
                Output.line("\(path): \(plan.service), \(plan.procedures.count) procedures, no mistakes")
            } catch {
                isWrong = true
            }
        }
        if isWrong { throw ExitStatus.wrongPlan }
    }
}
