import Glibc
import Host
import Maintenance
import Synchronization

@testable import ClientPrograms

/// The machine under test, asked as a step asks; each has a run of its own, so that its processes can be told apart.
final class Machine: Sendable {
    let run = "run-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    let host: Host
    let evidence: EvidenceLog
    private let kept = Mutex<(children: [ProcessIdentity], progress: [Progress])>(([], []))

    init(host: Host = .system) {
        self.host = host
        evidence = EvidenceLog(host: host)
    }

    var label: WorkLabel { WorkLabel(run: run, step: "step", unit: "program") }
    var children: [ProcessIdentity] { kept.withLock { $0.children } }
    var progress: [Progress] { kept.withLock { $0.progress } }

    func access(
        patience: Duration = .seconds(20), for purpose: Purpose = .change, client: HostClient? = nil,
        childStarted: (@Sendable (ProcessIdentity) async throws -> Void)? = nil
    ) -> HostAccess {
        let context = Context(
            host: host, deadline: host.steady() + patience, label: label, evidence: evidence,
            progress: { [self] progress in kept.withLock { $0.progress.append(progress) } },
            childStarted: { [self] child in
                kept.withLock { $0.children.append(child) }
                try await childStarted?(child)
            })
        return HostAccess(
            client: client ?? HostClient(host: host), identity: "host local", purpose: purpose, context: context)
    }

    func shell(_ script: String, patience: Duration = .seconds(20)) async throws -> ProgramResult {
        try await access(patience: patience).run(ProgramCommand(["sh", "-c", script]))
    }

    /// The processes of this run that are at work.
    var atWork: [ProcessEntry] {
        let table = ProcessTable(host: .system)
        return table.all().filter { $0.isAtWork && table.work(of: $0.pid)?.hasPrefix(run + "/") == true }
    }
}
