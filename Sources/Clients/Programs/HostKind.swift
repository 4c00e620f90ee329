public import Host
public import Maintenance
import Synchronization

/// The machine that Millwright runs on.
public struct HostKind: TargetKind {
    public static let name = "host"
    public static let summary = "The machine that Millwright runs on: its programs and mounts."
    public static let shorthand = "address"
    public static let schemes = ["host"]
    public static var parameters: [Parameter<HostKind>] {
        [.optional("address", \.address, default: "local", "`local`: the machine that Millwright runs on.")]
    }

    var address = "local"

    public init() {}

    public var identity: String { "host local" }
    /// What programs on it work on is as different as they are.
    public var place: String? { nil }

    public func validate() throws(ValueError) {
        guard ["local", "host://local", "host:local"].contains(address) else {
            throw ValueError(
                "only `local` is a host here: other machines (ssh) are not part of this version; "
                    + "run Millwright on that machine", path: ["address"])
        }
    }

    public func open(on host: Host) -> HostClient { HostClient(host: host) }

    public func access(_ client: HostClient, for purpose: Purpose, in context: Context) async throws -> HostAccess {
        HostAccess(client: client, identity: identity, purpose: purpose, context: context)
    }

    public func close(_ client: HostClient) async {}
}

/// What the steps of a run share about the machine.
public final class HostClient: Sendable {
    let host: Host
    let askFileSystem: @Sendable (String) throws -> FileSystemUse
    /// The questions to a mount that are without an answer; each holds a thread.
    private struct Asked {
        var count = 0
        /// One was given up: until an answer comes, the mount is not asked again.
        var isHanging = false
    }

    private let asked = Mutex<[String: Asked]>([:])

    init(host: Host, askFileSystem: @escaping @Sendable (String) throws -> FileSystemUse = FileSystemUse.ask) {
        self.host = host
        self.askFileSystem = askFileSystem
    }

    /// How full the file system at `point` is, at the latest by the deadline.
    func use(of point: String, until deadline: Duration) async throws -> FileSystemUse {
        let silence = CouldNotLook(
            .timedOut, "\(point) does not answer: its device or server hangs. Look at the mount before anything else.")
        guard begin(point) else { throw silence }
        let use = try await OffPool.run(until: deadline, on: host) { [self] in
            defer { end(point) }
            return try askFileSystem(point)
        }
        guard let use else {
            asked.withLock { $0[point]?.isHanging = true }
            throw silence
        }
        return use
    }

    /// Another look that is still in time is no reason to doubt the mount.
    private func begin(_ point: String) -> Bool {
        asked.withLock { asked in
            guard asked[point]?.isHanging != true else { return false }
            asked[point, default: Asked()].count += 1
            return true
        }
    }

    /// Whatever the answer is, it is one.
    private func end(_ point: String) {
        asked.withLock { asked in
            let left = (asked[point]?.count ?? 0) - 1
            asked[point] = left > 0 ? Asked(count: left) : nil
        }
    }
}
