import Glibc
import Host
import Maintenance
import Synchronization

/// What one run works on: steps that are done are known here.
final class TrivialTarget: Sendable {
    let done = Mutex<Set<String>>([])
}

/// A target that is always there; looking at it leaves evidence, as every look does.
struct TrivialKind: TargetKind {
    static let name = "trivial"
    static let summary = "A target in memory."
    static let shorthand = "name"
    static let schemes: [String] = []
    static let parameters: [Parameter<TrivialKind>] = [.required("name", \.name, "Its name.")]

    var name = ""
    var identity: String { "trivial \(name)" }
    /// Runs of different workers do not wait for each other.
    var place: String? { nil }
    func open(on host: Host) -> TrivialTarget { TrivialTarget() }
    func access(_ client: TrivialTarget, for purpose: Purpose, in context: Context) async throws -> TrivialTarget {
        context.evidence.note(source: identity, statement: purpose.rawValue, answer: "there".utf8)
        return client
    }
    func close(_ client: TrivialTarget) async {}
}

/// Computes a Fibonacci number the slow way: the task of Windmill's published benchmark. With `program` a Python of its
/// own does it.
struct Fibonacci: Check {
    typealias Kind = TrivialKind
    static let declaration = Declaration(
        name: "trivial.fibonacci", summary: "Computes a Fibonacci number.",
        measurements: [MeasurementDeclaration("value", .count, "The number.")], timeout: .seconds(60),
        applies: "Everywhere.")
    static let parameters: [Parameter<Fibonacci>] = [
        .optional("n", \.number, default: 1, "Which one."),
        .optional("program", \.program, default: "", "A Python file that computes it instead."),
    ]
    var number = 1
    var program = ""

    func observe(_ access: TrivialTarget, in context: Context) async throws -> Observation {
        let value = program.isEmpty ? Self.value(number) : try await Self.ask(program, number)
        return Observation(summary: "It is \(value).", measurements: [Measurement("value", value)])
    }

    /// Not made a loop by the optimizer, for it would be no work then.
    @inline(never)
    static func value(_ number: Int) -> Int { number <= 1 ? number : value(number - 1) + value(number - 2) }

    private static func ask(_ program: String, _ number: Int) async throws -> Int {
        let answer = await OffPool.finish { output(["python3", "-S", program, "\(number)"]) }
        guard let answer, let value = Int(answer.filter { $0 != "\n" }) else {
            throw CouldNotLook(.malformed, "The program said nothing that is a number.")
        }
        return value
    }

    private static func output(_ arguments: [String]) -> String? {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let status = posix_spawnp(&child, arguments[0], &actions, nil, words, environ)
        close(ends[1])
        guard status == 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(ends[0], &bytes, bytes.count)
        var ended: Int32 = 0
        guard waitpid(child, &ended, 0) == child, ended == 0, count > 0 else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}

/// Changes one unit: intent, effect and proof, as every change.
struct TrivialChange: Change {
    typealias Kind = TrivialKind
    static let declaration = Declaration(
        name: "trivial.change", summary: "Changes one unit.", timeout: .seconds(60), applies: "Everywhere.")
    static let parameters: [Parameter<TrivialChange>] = []
    var impact: Impact { .online }

    struct Baseline: Codable {}

    func preview(_ access: TrivialTarget, in context: Context) async throws -> Preview {
        Preview(summary: "one unit", units: [WorkUnit(id: "unit", title: "unit", expected: .seconds(1))])
    }

    func prepare(_ unit: WorkUnit, _ access: TrivialTarget, in context: Context) async throws -> Baseline { Baseline() }

    func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: TrivialTarget, in context: Context
    ) async throws -> ChangeState {
        let step = context.label.step
        return access.done.withLock { $0.contains(step) } ? .applied(Proof("The unit is in place.")) : .pending
    }

    func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: TrivialTarget, in context: Context
    ) async throws {
        let step = context.label.step
        access.done.withLock { _ = $0.insert(step) }
    }
}
