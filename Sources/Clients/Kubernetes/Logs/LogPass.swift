import Host

/// What was read of one log so far. A log is asked for more than once: whoever passes it on may break off in the midst
/// and let it look complete, and lines are written meanwhile. Each further round begins with lines that are known, which
/// shows that nothing is missing between the two.
struct LogPass: Sendable {
    /// Tells one line from every other of the same nanosecond.
    private struct Mark: Hashable, Sendable {
        let time: LogTime
        var length = 0
        var digest: UInt64 = 0xcbf2_9ce4_8422_2325

        mutating func add(_ bytes: ArraySlice<UInt8>) {
            length += bytes.count
            // The ends of a long piece tell it from another well enough, besides its time and length.
            for byte in bytes.prefix(LogLimits.marked) { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
            for byte in bytes.suffix(LogLimits.marked) { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
        }
    }

    private let since: LogTime?
    private let until: LogTime
    private var reader: LogLineReader
    private let fresh: LogLineReader
    private var current: Mark?
    /// The lines of the last nanosecond that was seen, how often each came, and which came last.
    private var group: [Mark: Int] = [:]
    private var last: Mark?
    /// The known line that this round must bring again, and how often.
    private var awaited: (mark: Mark, times: Int)?

    private(set) var span = LogSpan()
    /// The first time that was seen at all, also before the period.
    private(set) var firstSeen: LogTime?
    /// A line so long after the period that none of the period can follow.
    private(set) var isPastEnd = false
    /// Lines that this round brought and that were not known.
    private(set) var newLines = 0
    private var linesBefore = 0
    /// True where this round brought no line of the period that was not known.
    var broughtNothing: Bool { span.lines == linesBefore && !isUnfinished }
    /// True where a piece of a line was handed over and its end did not come.
    var isInsideLine: Bool { current != nil }
    /// Bytes that came, over all rounds.
    private(set) var received = 0
    /// What came of a last line without its end: broken off, or still being written.
    private var tail: [UInt8]?
    /// True where such a line came in this round that was not so in the one before.
    private(set) var isUnfinished = false
    private(set) var strayLines = 0

    init(_ query: LogQuery, until: Instant) {
        since = query.since.map(LogTime.init)
        self.until = LogTime(until)
        fresh = LogLineReader(limit: query.lineLimit, longLines: query.longLines)
        reader = fresh
    }

    /// The instant from which the next round must ask: the second of the last line that was read.
    var resumeFrom: Instant? { last.map { Instant(secondsSinceEpoch: $0.time.secondsSinceEpoch) } }
    /// True where this round did not bring the known line again.
    var isTornOff: Bool { awaited != nil }

    mutating func beginRound() {
        reader = fresh
        current = nil
        newLines = 0
        linesBefore = span.lines
        awaited = last.map { ($0, group[$0] ?? 1) }
    }

    /// The lines of the period that these bytes complete and that are new.
    mutating func take(_ chunk: [UInt8]) -> [LogLine] {
        received += chunk.count
        return wanted(reader.read(chunk))
    }

    /// A last line without its end counts when it comes twice: then it is as its container wrote it.
    mutating func endRound() -> [LogLine] {
        var lines: [LogLine] = []
        let rest = reader.unfinished
        isUnfinished = rest != nil && rest != tail && current == nil
        if rest != nil, !isUnfinished { lines = wanted(reader.end()) }
        tail = rest
        strayLines += reader.strayLines
        return lines
    }

    private mutating func wanted(_ lines: [LogLine]) -> [LogLine] {
        var wanted: [LogLine] = []
        for line in lines {
            firstSeen = firstSeen ?? line.time
            let isKnown = awaited != nil
            note(line)
            guard !isKnown else { continue }
            if !line.isContinued { newLines += 1 }
            if line.time.secondsSinceEpoch > until.secondsSinceEpoch + LogLimits.disorder { isPastEnd = true }
            guard line.time < until, since.map({ line.time >= $0 }) ?? true else { continue }
            span.note(line)
            wanted.append(line)
        }
        return wanted
    }

    /// Keeps the mark of the last line, or finds the one that is awaited.
    private mutating func note(_ line: LogLine) {
        var mark = current ?? Mark(time: line.time)
        mark.add(line.bytes)
        guard line.isEnd else {
            current = mark
            return
        }
        current = nil
        if let waiting = awaited {
            guard waiting.mark == mark else { return }
            awaited = waiting.times > 1 ? (mark, waiting.times - 1) : nil
            return
        }
        if last?.time != mark.time || group.count >= LogLimits.sameTime { group = [:] }
        group[mark, default: 0] += 1
        last = mark
    }
}
