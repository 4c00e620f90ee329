public import Dispatching
import FoundationEssentials
import Host
import Maintenance
public import Plans
import Schedules
import Synchronization

/// A plan of the folder as the scheduler knows it. The plan itself is read when it is asked for, from the bytes that were
/// found right: what its file says meanwhile does not matter.
public final class ServedPlan: Sendable {
    public let service: String
    public let procedures: [ProcedurePlan]
    let followers: [Follower]
    let source: PlanSource
    private let catalogue: Catalogue
    private let host: Host
    private let whole = Mutex<Plan?>(nil)

    /// A procedure that follows the end of another.
    struct Follower: Hashable {
        let procedure: String
        let precedent: String
    }

    init(
        service: String, procedures: [ProcedurePlan], followers: [Follower], source: PlanSource, host: Host,
        catalogue: Catalogue
    ) {
        self.service = service
        self.procedures = procedures
        self.followers = followers
        self.source = source
        self.host = host
        self.catalogue = catalogue
    }

    convenience init(_ plan: Plan, _ source: PlanSource, host: Host, catalogue: Catalogue) {
        let followers = plan.procedures.compactMap { procedure in
            procedure.dispatching.disabled == nil
                ? procedure.precedent.map { Follower(procedure: procedure.name, precedent: $0) } : nil
        }
        self.init(
            service: plan.service, procedures: plan.dispatched(catalogue), followers: followers, source: source,
            host: host, catalogue: catalogue)
    }

    public var file: String { source.path }

    /// The plan; `nil` only where the zones that it needs are gone from the machine.
    public func plan() -> Plan? {
        whole.withLock { whole in
            if whole == nil {
                let host = source.host(on: host)
                whole = try? PlanLoader.load(path: source.path, host: host, catalogue: catalogue)
            }
            return whole
        }
    }

    /// The procedures that follow the end of another one.
    public func followers(of key: ProcedureKey) -> [ProcedureKey] {
        followers.filter { $0.precedent == key.procedure }.map {
            ProcedureKey(service: key.service, environment: key.environment, procedure: $0.procedure)
        }
    }
}

/// What a plan was made from.
struct PlanSource: Sendable {
    let path: String
    let bytes: [UInt8]
    /// The estate, calendars; also those that were looked for and are not there.
    let others: [UsedFile]
    /// By this instant schedules were found to come.
    let readAt: Instant

    /// What a reader saw then: the same bytes at the same time.
    func host(on host: Host) -> Host {
        var then = host
        let now = readAt
        then.now = { now }
        then.readFile = { path, limit in
            if path == self.path { return bytes }
            guard let file = others.first(where: { $0.path == path }) else { return try host.readFile(path, limit) }
            return try file.content()
        }
        return then
    }
}

/// A file beside the plans, as it was when they were read.
final class UsedFile: Sendable {
    let path: String
    /// Taken before it was read; `nil` where there was none.
    let mark: FileMark?
    let bytes: [UInt8]?

    init(path: String, mark: FileMark?, bytes: [UInt8]?) {
        self.path = path
        self.mark = mark
        self.bytes = bytes
    }

    func content() throws -> [UInt8] {
        guard let bytes else { throw FileError(path: path, reason: "there was no such file", isMissing: true) }
        return bytes
    }
}

/// Reads plans for one look at the folder, and notes what each was made from. A file that several use is read once.
final class PlanReading: Sendable {
    private struct State {
        var files: [String: UsedFile] = [:]
        /// By the plan that is being read.
        var used: [String] = []
        var own: [UInt8] = []
    }

    private let host: Host
    private let catalogue: Catalogue
    private let state = Mutex(State())

    init(host: Host, catalogue: Catalogue) {
        self.host = host
        self.catalogue = catalogue
    }

    func read(_ path: String) throws(PlanErrors) -> ServedPlan {
        state.withLock { $0.used = [] }
        let now = host.now()
        var noting = host
        noting.now = { now }
        noting.readFile = { [self] other, limit in try file(other, limit, of: path) }
        let plan = try PlanLoader.load(path: path, host: noting, catalogue: catalogue)
        let source = state.withLock { state in
            PlanSource(
                path: path, bytes: state.own, others: Set(state.used).sorted().compactMap { state.files[$0] },
                readAt: now)
        }
        return ServedPlan(plan, source, host: host, catalogue: catalogue)
    }

    private func file(_ path: String, _ limit: Int, of plan: String) throws -> [UInt8] {
        // What the system says of processes is of the moment, and no part of a plan.
        if path.hasPrefix(Zone.folder) || path.hasPrefix("/proc/") { return try host.readFile(path, limit) }
        if path == plan {
            let bytes = try host.readFile(path, limit)
            state.withLock { $0.own = bytes }
            return bytes
        }
        if let known = state.withLock({ $0.files[path] }) {
            state.withLock { $0.used.append(path) }
            return try known.content()
        }
        let mark = FileMark(path)
        var bytes: [UInt8]?
        do { bytes = try host.readFile(path, limit) } catch let error as FileError where error.isMissing {}
        let file = UsedFile(path: path, mark: mark, bytes: bytes)
        state.withLock {
            $0.files[path] = file
            $0.used.append(path)
        }
        return try file.content()
    }
}
