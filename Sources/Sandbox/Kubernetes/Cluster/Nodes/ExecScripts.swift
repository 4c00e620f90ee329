import Synchronization

/// What a command in a container answers.
public struct ExecAnswer: Sendable {
    public var output: [UInt8]
    public var errors: [UInt8]
    public var exitCode: Int
    /// How long it takes; nil for ever.
    public var delay: Duration?

    public init(_ output: String = "", errors: String = "", exitCode: Int = 0, delay: Duration? = .zero) {
        self.output = Array(output.utf8)
        self.errors = Array(errors.utf8)
        self.exitCode = exitCode
        self.delay = delay
    }

    public static let hangs = ExecAnswer(delay: nil)
}

/// Commands whose answers were set, and files that can be read.
final class ExecScripts: Sendable {
    private struct State {
        var answers: [(mark: ScriptMark, selection: PodSelection, command: [String], answer: ExecAnswer)] = []
        var files: [(selection: PodSelection, path: String, bytes: [UInt8])] = []
        var next = 0
    }

    private let state = Mutex(State())

    func add(_ selection: PodSelection, _ command: [String], _ answer: ExecAnswer) -> ScriptMark {
        state.withLock { state in
            state.next += 1
            let mark = ScriptMark(number: state.next)
            state.answers.append((mark, selection, command, answer))
            return mark
        }
    }

    func remove(_ mark: ScriptMark) { state.withLock { $0.answers.removeAll { $0.mark == mark } } }

    func setFile(_ selection: PodSelection, _ path: String, _ bytes: [UInt8]) {
        state.withLock { $0.files.append((selection, path, bytes)) }
    }

    /// The last answer that was set for the beginning of this command.
    func answer(_ command: [String], _ pod: JSON) -> ExecAnswer? {
        state.withLock { $0.answers }.last { script in
            command.starts(with: script.command) && script.selection.matches(pod, cronJob: nil)
        }?.answer
    }

    func file(_ path: String, _ pod: JSON) -> [UInt8]? {
        state.withLock { $0.files }.last { $0.path == path && $0.selection.matches(pod, cronJob: nil) }?.bytes
    }
}

/// A container as a command sees it: a few programs, the disks, and what was set.
struct ContainerShell {
    let pod: JSON
    let container: JSON
    let scripts: ExecScripts
    let disks: DiskLedger
    let store: KubernetesStore

    func run(_ command: [String], input: [UInt8]) throws -> ExecAnswer {
        if let answer = scripts.answer(command, pod) { return answer }
        let arguments = Array(command.dropFirst())
        switch (command.first ?? "").split(separator: "/").last ?? "" {
        case "df": return DiskReport(pod: pod, container: container, disks: disks, store: store).answer(arguments)
        case "cat": return cat(arguments, input)
        case "echo": return ExecAnswer(arguments.joined(separator: " ") + "\n")
        case "true": return ExecAnswer()
        case "false": return ExecAnswer(exitCode: 1)
        case "hostname": return ExecAnswer(pod.name + "\n")
        case "sleep": return ExecAnswer(delay: .seconds(Double(arguments.first ?? "") ?? 0))
        case "sh", "bash":
            guard arguments.first == "-c", let line = arguments.dropFirst().first else { return ExecAnswer() }
            if line.hasPrefix("exit "), let status = Int(line.dropFirst(5)) { return ExecAnswer(exitCode: status) }
            let words = line.split(separator: " ").map(String.init)
            guard !line.contains(where: { "|&;<>()$`\"'".contains($0) }) else { return missing("sh: \(line)") }
            return try run(words, input: input)
        default: throw Self.notStarted(command.first ?? "")
        }
    }

    private func cat(_ paths: [String], _ input: [UInt8]) -> ExecAnswer {
        var answer = ExecAnswer()
        if paths.isEmpty { answer.output = input }
        for path in paths {
            if let bytes = scripts.file(path, pod) {
                answer.output += bytes
            } else {
                answer.errors += Array("cat: \(path): No such file or directory\n".utf8)
                answer.exitCode = 1
            }
        }
        return answer
    }

    private func missing(_ what: String) -> ExecAnswer { ExecAnswer(errors: "\(what): not found\n", exitCode: 127) }

    /// As containerd tells of a program that the image does not have.
    static func notStarted(_ program: String) -> KubernetesStatus {
        KubernetesStatus(
            500, "InternalError",
            "Internal error occurred: error executing command in container: failed to exec in container: failed to "
                + "start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: "
                + "\"\(program)\": executable file not found in $PATH: unknown")
    }
}
