import Glibc
import Host
import Maintenance
import Subprocess
import SystemPackage

/// One run of a program, from its start to the end of all that belongs to it.
struct ProgramRun: Sendable {
    /// Why a program came to its end.
    enum End: Sendable { case byItself, deadline, cancelled }

    private enum Event: Sendable {
        case output(CapturedOutput)
        case error(CapturedOutput)
        case ended(End)
        case lastOutputPassed
    }

    private struct Supervised: Sendable {
        var output = CapturedOutput()
        var error = CapturedOutput()
        var end = End.byItself
    }

    let command: ProgramCommand
    let context: Context
    let table: ProcessTable
    let masker: Masker

    init(_ command: ProgramCommand, in context: Context) {
        self.command = command
        self.context = context
        table = ProcessTable(host: context.host)
        masker = Masker(Array(command.secrets.values))
    }

    func run() async throws -> (result: ProgramResult, end: End) {
        let started = context.host.steady()
        let program = command.arguments[0]
        let variables = command.variables(context.label, own: context.host.environment)
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: ProgramLimits.grace)
        ]
        do {
            let outcome = try await Subprocess.run(
                program.contains("/") ? .path(FilePath(program)) : .name(program),
                arguments: Arguments(Array(command.arguments.dropFirst())),
                environment: .custom(
                    Dictionary(
                        uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) })),
                workingDirectory: command.directory.map { FilePath($0) }, platformOptions: options, input: .none,
                output: .sequence, error: .sequence
            ) { execution in
                try await supervise(
                    execution.processIdentifier.value, execution.standardOutput, execution.standardError)
            }
            let supervised = outcome.closureResult
            let ending: ProgramResult.Ending =
                switch outcome.terminationStatus {
                case .exited(let code): .exited(code)
                case .signaled(let signal): .signalled(signal)
                }
            let result = ProgramResult(
                ending: ending, standardOutput: supervised.output.text(masker),
                standardError: supervised.error.text(masker), duration: context.host.steady() - started)
            return (result, supervised.end)
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw ChangeFailed(cause(of: error))
        }
    }

    private func cause(of error: SubprocessError) -> Cause {
        let program = command.arguments[0]
        switch error.code {
        case .executableNotFound: return Cause(.notFound, "The program \(program) was not found, so nothing ran.")
        case .failedToChangeWorkingDirectory:
            return Cause(.notFound, "The directory to run in does not exist or may not be entered, so nothing ran.")
        case .spawnFailed:
            let reason = error.underlyingError.map { ": \($0)" } ?? ""
            return Cause(.rejected, "The program \(program) could not be started\(reason). Nothing ran.")
        default: return Cause(.unexpected, "The program \(program) could not be supervised: \(error.code).")
        }
    }

    /// Made known first; then its output is read until it ends, or is ended with all that it started.
    private func supervise(
        _ pid: Int32, _ output: SubprocessOutputSequence, _ error: SubprocessOutputSequence
    ) async throws -> Supervised {
        do {
            let table = table
            if let child = await OffPool.finish({ Programs.identity(of: pid, in: table) }) {
                try await context.childStarted(child)
            }
        } catch {
            await sweep(pid, everything: true)
            throw error
        }
        return await withTaskGroup(of: Event.self) { group in
            group.addTask { .output(await capture(output)) }
            group.addTask { .error(await capture(error)) }
            group.addTask { .ended(await lifetime(of: pid)) }
            var supervised = Supervised()
            var open = 3
            while open > 0, let event = await group.next() {
                switch event {
                case .output(let captured): supervised.output = captured
                case .error(let captured): supervised.error = captured
                case .ended(let end):
                    supervised.end = end
                    group.addTask {
                        try? await context.host.sleep(ProgramLimits.lastOutput)
                        return .lastOutputPassed
                    }
                case .lastOutputPassed:
                    // Something that outlives the program holds its output open.
                    group.cancelAll()
                    continue
                }
                open -= 1
            }
            group.cancelAll()
            return supervised
        }
    }

    private func lifetime(of pid: Int32) async -> End {
        await withTaskGroup(of: End.self) { group in
            group.addTask {
                await OffPool.finish { Self.waitForExit(of: pid) }
                return .byItself
            }
            group.addTask {
                do {
                    try await context.host.sleep(context.remaining)
                    return .deadline
                } catch { return .cancelled }
            }
            let end = await group.next() ?? .byItself
            await sweep(pid, everything: end != .byItself)
            group.cancelAll()
            return end
        }
    }

    /// Leaves it to be collected: until then its id, and its group's, cannot go to another process.
    private static func waitForExit(of pid: Int32) {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    }

    /// What a program leaves in its session ends with it; a daemon makes a session of its own and may stay, unless the
    /// program was cut short.
    private func sweep(_ pid: Int32, everything: Bool) async {
        let table = table
        let label = context.label.description
        _ = await OffPool.finish {
            ProcessSweep(table: table, grace: ProgramLimits.grace) { entry in
                entry.session == pid || entry.group == pid || everything && table.work(of: entry.pid) == label
            }.run()
        }
    }

    private func capture(_ stream: SubprocessOutputSequence) async -> CapturedOutput {
        var captured = CapturedOutput()
        do {
            for try await buffer in stream {
                if let line = captured.append(buffer.withUnsafeBytes { Array($0) }) {
                    context.progress(Progress(done: Double(captured.lines), shown(line)))
                }
                if Task.isCancelled { break }
            }
        } catch {
            // A stream that breaks off ends; how the program itself ended is told by its exit.
        }
        return captured
    }

    private func shown(_ line: String) -> String {
        String(masker.mask(line).filter { !$0.isNewline && $0 >= " " }.prefix(ProgramLimits.progressLine))
    }
}
