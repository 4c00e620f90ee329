public import Host

/// The right of one node to write to a chain, for a while: a run's, or the dispatcher's.
public struct Lease: Hashable, Sendable {
    /// Of the chain: a run's id, or the dispatcher's stream.
    public let name: String
    /// A process, never the same twice.
    public let node: String
    /// Larger each time the lease is given anew.
    public let token: Int64
    /// By the store's clock.
    public let expiresAt: Instant

    public init(name: String, node: String, token: Int64, expiresAt: Instant) {
        self.name = name
        self.node = node
        self.token = token
        self.expiresAt = expiresAt
    }

    public var fence: Fence { Fence(name: name, node: node, token: token) }
}

/// What a batch shows, so that a store refuses it once the lease is over or another's. The node stands in it because a
/// database that fails over to a copy that lags may give a token twice.
public struct Fence: Hashable, Sendable {
    public let name: String
    public let node: String
    public let token: Int64

    public init(name: String, node: String, token: Int64) {
        self.name = name
        self.node = node
        self.token = token
    }
}

/// What a process asks for when it wants to write to a chain.
public struct Claim: Hashable, Sendable {
    public let chain: String
    /// From where its work can be done: nodes of this place go on with it when its node is gone. `nil` where nobody does
    /// that without being asked.
    public let place: String?
    /// Another chain that must be this process's own as well whenever this one is written to.
    public let under: String?
    /// When the work is over, the chain is left to the nodes of its place.
    public let isLeft: Bool

    public init(_ chain: String, place: String? = nil, under: String? = nil, isLeft: Bool = false) {
        self.chain = chain
        self.place = place
        self.under = under
        self.isLeft = isLeft
    }
}

/// What became of asking for a lease.
public enum LeaseAnswer: Hashable, Sendable {
    case granted(Lease)
    /// Another node has it for so long, if it does not renew it.
    case held(Lease, left: Duration)
}

/// Where nodes that share a store agree on who works on what. Time is the store's.
public protocol Leases: Sendable {
    /// Gives the lease where nobody has it, or its time has run out; and anew to the node that has it, which may not have
    /// heard the first answer. A place stays with the lease until it is given back.
    func acquire(
        _ name: String, place: String?, by node: String, for time: Duration
    ) async throws(JournalError) -> LeaseAnswer
    /// Prolongs those that are still the asker's, and says which. One that has run out is not prolonged.
    func renew(_ fences: [Fence], for time: Duration) async throws(JournalError) -> Set<Fence>
    /// Gives back those that are still the asker's.
    func release(_ fences: [Fence]) async throws(JournalError)
    /// Ends the time of those that are still the asker's, so that another node can take them over at once.
    func leave(_ fences: [Fence]) async throws(JournalError)
    /// Those whose time has not run out, by their names.
    func leases() async throws(JournalError) -> [Lease]
    /// Takes what was left, or dead nodes had: leases of these places whose time has run out and that nobody gave back, the
    /// oldest first. Two nodes that ask at once get different ones.
    func takeOver(
        at places: Set<String>, limit: Int, by node: String, for time: Duration
    ) async throws(JournalError) -> [Lease]
    /// Waits until a lease may have become free, at most so long.
    func awaitChange(within time: Duration) async
}

extension JournalError {
    /// The lease under which something was to be written is over.
    public static func stale(_ name: String) -> JournalError {
        JournalError(
            .stale,
            "This process has lost the lease of \(name): its time ran out, or another node took it over. Nothing was "
                + "recorded; whoever has the lease looks at what became of the work.", run: name)
    }

    /// Another node works on it.
    public static func held(_ lease: Lease) -> JournalError {
        JournalError(
            .heldByAnother,
            "\(lease.name) is in the hands of \(lease.node) until \(lease.expiresAt), if it does not prolong that. "
                + "Wait until it has ended, or the time is over.", run: lease.name)
    }
}
