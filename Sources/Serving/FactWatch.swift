public import Dispatching
public import Host
import Journal
import Synchronization

/// Looks now and then, and soon after each end of a run, for what procedures hang on, and tells the scheduler.
public final class FactWatch: Sendable {
    private struct State {
        var seen: [ProcedureKey: Seen] = [:]
        var isAsked = true
        var looked: Duration?
        /// Told, until the journal can be read again.
        var isUnreadable = false
    }

    private let finder: FactFinder
    private let procedures: @Sendable () -> [ProcedurePlan]
    private let host: Host
    private let log: @Sendable (String) -> Void
    private let state = Mutex(State())

    public init(
        _ finder: FactFinder, of procedures: @escaping @Sendable () -> [ProcedurePlan], host: Host,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.finder = finder
        self.procedures = procedures
        self.host = host
        self.log = log
    }

    /// A run has ended: it may have seen something.
    public func ask() { state.withLock { $0.isAsked = true } }

    /// What was found last, for a dispatcher that begins.
    public var inForce: [DispatchEvent] { events(state.withLock { $0.seen }) }

    /// Looks, where it is time; all that is known is told each time, for a procedure may have come meanwhile.
    public func look() async -> [DispatchEvent] {
        let now = host.steady()
        let isDue = state.withLock { state in
            guard state.isAsked || state.looked.map({ now - $0 >= ServingLimits.facts }) ?? true else { return false }
            state.isAsked = false
            state.looked = now
            return true
        }
        guard isDue else { return [] }
        do {
            let found = try await finder.find(procedures(), at: host.now())
            let before = state.withLock { state in
                defer { state.seen = found }
                state.isUnreadable = false
                return state.seen
            }
            for (key, seen) in found.sorted(by: { $0.key < $1.key }) where before[key] != seen {
                if case .nothing(let reason) = seen { log("\(key): \(reason)") }
            }
            return events(found)
        } catch {
            let isNews = state.withLock { state in
                defer { state.isUnreadable = true }
                return !state.isUnreadable
            }
            if isNews { log("Facts and agreements cannot be looked up: \(error.sentence)") }
            return []
        }
    }

    /// Looks again and again, until its task is cancelled.
    public func watch(_ post: @Sendable (DispatchEvent) -> Void) async {
        while (try? await host.sleep(ServingLimits.look)) != nil {
            for event in await look() { post(event) }
        }
    }

    private func events(_ seen: [ProcedureKey: Seen]) -> [DispatchEvent] {
        seen.sorted { $0.key < $1.key }.map { .seen($0.key, $0.value) }
    }
}
