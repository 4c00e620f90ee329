public import Host
public import Maintenance

/// Whether something was seen as a whole.
public enum LogCoverage: Hashable, Sendable {
    case covered
    /// Not known, or known not to be; the cause says why.
    case unknown(Cause)

    public var cause: Cause? {
        if case .unknown(let cause) = self { cause } else { nil }
    }

    /// The first that is not covered.
    func and(_ other: LogCoverage) -> LogCoverage { self == .covered ? other : self }
}

/// What of a log was read: only the newest file of a container is readable, so a period may be covered in part.
public struct LogSpan: Hashable, Sendable {
    /// Times of the first and the last line in the period, by the node's clock.
    public var first: LogTime?
    public var last: LogTime?
    /// Lines in the period; a line that came in pieces is one.
    public var lines = 0
    /// Bytes of these lines, times and line feeds not counted.
    public var bytes = 0
    /// Lines whose rest was left out.
    public var cutLines = 0
    /// Whether every line since the period's beginning was there to be read.
    public var beginning = LogCoverage.covered
    /// Whether the log was read to its end, or to the end of the period.
    public var end = LogCoverage.covered

    public init() {}

    public var coverage: LogCoverage { beginning.and(end) }

    mutating func note(_ line: LogLine) {
        bytes += line.bytes.count
        if line.isCut { cutLines += 1 }
        guard !line.isContinued else { return }
        lines += 1
        first = first.map { min($0, line.time) } ?? line.time
        last = last.map { max($0, line.time) } ?? line.time
    }

    /// Both together: a container's log and the one of its predecessor.
    mutating func add(_ other: LogSpan) {
        first = [first, other.first].compactMap(\.self).min()
        last = [last, other.last].compactMap(\.self).max()
        lines += other.lines
        bytes += other.bytes
        cutLines += other.cutLines
        beginning = beginning.and(other.beginning)
        end = end.and(other.end)
    }
}

/// Which lines of which container are wanted.
public struct LogQuery: Hashable, Sendable {
    public var pod: String
    public var container: String
    /// The target's own where it is `nil`.
    public var namespace: String?
    /// Half-open, by the times of the lines: `[since, until)`.
    public var since: Instant?
    public var until: Instant?
    /// The container that ran before the last restart.
    public var previous = false
    public var lineLimit = LogLimits.line
    public var longLines = LongLines.cut
    public var byteLimit = LogLimits.bytes

    public init(pod: String, container: String, namespace: String? = nil, since: Instant? = nil, until: Instant? = nil)
    {
        self.pod = pod
        self.container = container
        self.namespace = namespace
        self.since = since
        self.until = until
    }
}
