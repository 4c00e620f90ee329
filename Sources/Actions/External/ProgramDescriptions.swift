import ClientPrograms
import FoundationEssentials
import Host
import Maintenance
import Synchronization

/// Has programs describe themselves, each once as long as its files stay the same.
final class ProgramDescriptions: Sendable {
    private let digests = ProgramDigest()
    private let known = Mutex<[String: ActionProgram]>([:])

    /// Blocks its thread, at most for `ExternalLimits.description` and the time to end a program.
    func describe(_ source: ActionPrograms.Source, on host: Host) throws(CouldNotLook) -> ActionProgram {
        let directory = URL(filePath: source.folder.isEmpty ? "." : source.folder).standardizedFileURL.path
        let command = ProgramCommand(source.arguments, environment: source.environment, directory: directory)
        do throws(ValueError) { try command.validate() } catch { throw CouldNotLook(.malformed, error.message) }
        let digest = try digests.of(source.arguments, in: directory, host)
        let variables = source.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let key = sha256Hex(([source.name, directory, digest] + variables).joined(separator: "\n").utf8)
        if let program = known.withLock({ $0[key] }) { return program }
        let call = ProgramCall(
            name: source.name, call: .describe, command: command, request: [:], masker: Masker([]),
            source: "program \(source.name)", unit: nil)
        let dialogue = try ProgramDialogue(command, label: WorkLabel(run: "describe", step: source.name), host: host)
        let answered = call.converse(
            dialogue, until: host.steady() + ExternalLimits.description, host, isCancelled: { false })
        let reply: JSONValue
        do { reply = try answered.result.get() } catch { throw CouldNotLook(Cause(error)) }
        let program = ActionProgram(
            name: source.name, arguments: source.arguments, environment: source.environment, directory: directory,
            digest: digest, description: reply)
        do throws(Misspoken) {
            let said = try ProgramDescription(reply).name
            guard said == source.name else { throw Misspoken(sentence: "it describes itself as `\(said)`") }
        } catch { throw call.misspoken(error) }
        known.withLock { $0[key] = program }
        return program
    }

    /// Throws where the program is another one than the plan was read with, and says something else of itself.
    func checkUnchanged(_ program: ActionProgram, on host: Host) throws(CouldNotLook) {
        guard try digests.of(program.arguments, in: program.directory, host) != program.digest else { return }
        let source = ActionPrograms.Source(
            name: program.name, arguments: program.arguments, environment: program.environment,
            folder: program.directory)
        guard try describe(source, on: host).description == program.description else {
            throw CouldNotLook(
                .stale,
                "The program of \(program.name) was changed since the plan was read, and describes itself otherwise now; "
                    + "read the plan again.")
        }
    }
}
