import ArgumentParser
import Maintenance

@main
struct Millwright: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "millwright",
        abstract: "Runs the maintenance of production services from a plan, and proves every step.",
        discussion: """
            Exit codes of check, look and run: 0 pass, 1 warn, 2 fail, 3 unknown. 64 wrong usage, 65 a wrong plan, \
            74 the journal cannot be read or written, 75 held by another process or outside the window.
            """,
        version: "0.1.0",
        subcommands: [
            Look.self, Validate.self, Explain.self, Rights.self, CheckPlan.self, RunProcedure.self, Runs.self,
            Show.self, Resume.self, Report.self, Actions.self, ReferenceDocs.self,
        ])
}

/// The exit codes besides a verdict's, as sysexits.h has them.
enum ExitStatus {
    static let wrongPlan = ExitCode(65)
    static let journal = ExitCode(74)
    static let tryLater = ExitCode(75)
}
