import ArgumentParser
import Glibc
import Journal
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
            Look.self, Init.self, Validate.self, Explain.self, Rights.self, CheckPlan.self, RunProcedure.self,
            Serve.self, Runs.self,
            Show.self, Resume.self, Cancel.self, Approve.self, Answer.self, Tell.self, Report.self,
            EvidenceCommands.self,
            JournalCommands.self, Notify.self, SetHold.self,
            Release.self, Next.self,
            CalendarOfPlans.self, Actions.self,
            ReferenceDocs.self,
        ])

    /// An error that nobody expected is neither a verdict nor a usage error, and must not look like one.
    static func main() async {
        // A reader that goes away (`| head`) must not end a change in its middle.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as JournalError {
            Output.diagnostic(error.sentence)
            exit(withError: ExitCode(error.exitCode))
        } catch let error as DecodingError {
            Output.diagnostic(
                "The journal holds something that this version cannot read (\(Cause(error).code.rawValue)).")
            exit(withError: ExitStatus.journal)
        } catch let error where error is CouldNotLook || error is ChangeFailed {
            Output.diagnostic(Cause(error).sentence)
            exit(withError: ExitCode(Verdict.unknown.exitCode))
        } catch let error where exitCode(for: error) == .failure && !(error is ExitCode) {
            Output.diagnostic("Something unexpected happened: \(type(of: error)).")
            exit(withError: ExitCode(Verdict.unknown.exitCode))
        } catch {
            exit(withError: error)
        }
    }
}

/// The exit codes besides a verdict's, as sysexits.h has them.
enum ExitStatus {
    static let wrongPlan = ExitCode(65)
    static let journal = ExitCode(74)
    static let tryLater = ExitCode(75)
}
