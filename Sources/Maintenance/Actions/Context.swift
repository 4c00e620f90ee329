public import Host

/// What an action is given besides its target: the machine, the deadline, who asks, and where to put what it sees.
public struct Context: Sendable {
    public let host: Host
    /// By the host's steady clock: what is not done by then is `unknown: timed out`.
    public let deadline: Duration
    public let label: WorkLabel
    public let evidence: EvidenceLog
    /// Measurements of the same step in earlier runs, newest first.
    public let history: @Sendable (_ measurement: String) async throws -> [PastMeasurement]
    /// Latest-only: what a person sees of the work in progress.
    public let progress: @Sendable (Progress) -> Void
    /// Makes a child process known to the journal before it matters.
    public let childStarted: @Sendable (ProcessIdentity) async throws -> Void

    public init(
        host: Host, deadline: Duration, label: WorkLabel, evidence: EvidenceLog? = nil,
        history: @escaping @Sendable (String) async throws -> [PastMeasurement] = { _ in [] },
        progress: @escaping @Sendable (Progress) -> Void = { _ in },
        childStarted: @escaping @Sendable (ProcessIdentity) async throws -> Void = { _ in }
    ) {
        self.host = host
        self.deadline = deadline
        self.label = label
        self.evidence = evidence ?? EvidenceLog(host: host)
        self.history = history
        self.progress = progress
        self.childStarted = childStarted
    }

    /// What is left until the deadline; zero when it has passed.
    public var remaining: Duration { max(.zero, deadline - host.steady()) }
}

/// Which piece of work this is: carried into the target (comments, lock keys, a child's environment), so that it can be
/// found there after a crash.
public struct WorkLabel: Codable, Hashable, Sendable, CustomStringConvertible {
    public let run: String
    public let step: String
    public let unit: String?

    public init(run: String, step: String, unit: String? = nil) {
        self.run = run
        self.step = step
        self.unit = unit
    }

    public var description: String { unit.map { "\(run)/\(step)/\($0)" } ?? "\(run)/\(step)" }
}

/// A measurement of an earlier run.
public struct PastMeasurement: Codable, Hashable, Sendable {
    public let at: Instant
    public let value: Double

    public init(at: Instant, value: Double) {
        self.at = at
        self.value = value
    }
}

/// How far the work in hand is.
public struct Progress: Hashable, Sendable {
    public let done: Double
    public let total: Double?
    public let text: String

    public init(done: Double, total: Double? = nil, _ text: String) {
        self.done = done
        self.total = total
        self.text = text
    }
}

/// A process, a run's own or one that a step started: its id alone is reused by the system, the three together are not.
public struct ProcessIdentity: Codable, Hashable, Sendable {
    public let pid: Int32
    /// Clock ticks after boot, field 22 of /proc/PID/stat.
    public let startTime: UInt64
    /// /proc/sys/kernel/random/boot_id.
    public let bootID: String

    public init(pid: Int32, startTime: UInt64, bootID: String) {
        self.pid = pid
        self.startTime = startTime
        self.bootID = bootID
    }
}
