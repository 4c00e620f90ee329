import Host

/// One run of one container: a restart begins another.
struct ContainerInstance: Hashable, Sendable {
    let pod: String
    let container: String
    let restart: Int
}

/// What a node keeps of one container's output.
struct ContainerLog: Sendable {
    var generated: GeneratedLog?
    /// What was written besides, in the order of time.
    var written: [LogLine] = []
    /// What is older was rotated away.
    var keptFrom: Instant?
    /// No line comes after the container's end.
    var end: Instant?

    mutating func write(_ lines: [LogLine]) {
        let inOrder = written.last.map { last in lines.allSatisfy { $0.at >= last.at } } ?? true
        written += lines
        // A stable order, as lines of one instant stay as they came.
        if !inOrder || written.count == lines.count {
            written = written.enumerated()
                .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
        }
    }
}

/// A place in a log: the next generated slot and the next written line.
struct LogPosition: Sendable {
    var slot: Int
    var index: Int
    /// Lines of a slot that are not handed out yet.
    var pending: ArraySlice<LogLine> = []

    /// The first line that is not older than `since`.
    init(in log: ContainerLog, since: Instant?) {
        let from = [since, log.keptFrom].compactMap { $0 }.max()
        slot = 0
        index = 0
        guard let from else { return }
        index = log.written.firstIndex { $0.at >= from } ?? log.written.count
        if let generated = log.generated {
            slot = max(0, generated.slots(before: from) - 1)
            while generated.instant(of: slot) < from { slot += 1 }
        }
    }

    /// The next line that was written before `now`.
    mutating func next(in log: ContainerLog, before now: Instant) -> LogLine? {
        if pending.isEmpty, let generated = log.generated {
            let at = generated.instant(of: slot)
            if at <= now, log.end.map({ at <= $0 }) ?? true {
                pending = generated.lines(of: slot)[...]
                slot += 1
            }
        }
        let written = index < log.written.count ? log.written[index] : nil
        switch (pending.first, written) {
        case (let generated?, let written?) where written.at < generated.at: return take(written, now)
        case (_?, _): return pending.popFirst()
        case (nil, let written?): return take(written, now)
        case (nil, nil): return nil
        }
    }

    private mutating func take(_ line: LogLine, _ now: Instant) -> LogLine? {
        guard line.at <= now else { return nil }
        index += 1
        return line
    }
}
