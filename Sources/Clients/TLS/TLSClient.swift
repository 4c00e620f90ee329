import Host
import Maintenance
import Synchronization

/// The trusted authorities of one target, read once a run.
public final class TLSClient: Sendable {
    private let authorityFile: String?
    private let host: Host
    private let roots = Mutex<TrustedRoots?>(nil)

    init(authorityFile: String?, on host: Host) {
        self.authorityFile = authorityFile
        self.host = host
    }

    /// The small type that an access is made with; a test makes its own.
    var link: TLSLink {
        TLSLink(
            handshake: { [host] place, port, name, deadline in
                try await TLSHandshake(host: place, port: port, name: name, machine: host).perform(until: deadline)
            },
            judge: { [self] certificates, name, now in
                await ChainJudge(roots: try await trusted(), name: name, now: now).judge(certificates)
            })
    }

    /// Two who ask at once may both read: the result is the same.
    private func trusted() async throws -> TrustedRoots {
        if let known = roots.withLock({ $0 }) { return known }
        let read = try await TrustedRoots.load(authorityFile, on: host)
        roots.withLock { $0 = read }
        return read
    }
}
