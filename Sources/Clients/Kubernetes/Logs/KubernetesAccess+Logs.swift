import ClientHTTP
import Host
import Maintenance

extension KubernetesAccess {
    public typealias LogLines = @Sendable ([LogLine]) async throws -> Void

    /// Reads the log of one container, never more of it in memory than a line and a piece. Lines come in the order of
    /// the log. The answer says what of the period was covered; where nothing could be read at all, it throws.
    ///
    /// - Parameter life: what the pod's status says of the container; without it, only a line at or before the period's
    ///   beginning shows that nothing is missing there.
    public func logs(
        _ query: LogQuery, life: ContainerLife? = nil, _ deliver: @escaping LogLines
    ) async throws -> LogSpan {
        var query = query
        query.until = query.until ?? context.host.now()
        var pass = LogPass(query, until: query.until ?? context.host.now())
        var end = LogCoverage.unknown(Self.endless)
        var from = query.since
        for round in 0..<LogLimits.rounds {
            if round > 0 { pass.beginRound() }
            pass = try await self.round(query, from: from, pass, deliver)
            if let settled = Self.settled(pass, query, isFirst: round == 0) {
                end = settled
                break
            }
            from = pass.resumeFrom ?? query.since
        }
        var span = pass.span
        span.end = end
        if pass.strayLines > 0 { span.end = span.end.and(.unknown(Self.stray(pass))) }
        span.beginning = try await beginning(query, pass, life)
        return span
    }

    /// What the round says of the log's end; `nil` where it has to be asked for again.
    private static func settled(_ pass: LogPass, _ query: LogQuery, isFirst: Bool) -> LogCoverage? {
        if pass.isTornOff {
            return .unknown(
                Cause(
                    .partlyCovered,
                    "The log was rotated while it was read, so that lines between two files may be missing."))
        }
        if pass.received >= query.byteLimit {
            return .unknown(
                Cause(.tooLarge, "More than \(ByteCount.text(Double(query.byteLimit))); narrow the period."))
        }
        if pass.isPastEnd || !isFirst && pass.broughtNothing { return .covered }
        return nil
    }

    private static let endless = Cause(
        .partlyCovered, "The log is written faster than it can be read to its end, or its node's clock is behind.")

    private static func stray(_ pass: LogPass) -> Cause {
        Cause(
            .partlyCovered,
            "The node put \(pass.strayLines) lines of its own into the log, as it does where it cannot read on.")
    }

    /// One request. What breaks off between two lines is asked for again in the next round.
    private func round(
        _ query: LogQuery, from: Instant?, _ pass: LogPass, _ deliver: @escaping LogLines
    ) async throws -> LogPass {
        let request = try logRequest(query, from: from)
        let before = pass
        let state = LogPassBox(pass)
        do {
            try await streamLog(query, request) { chunks in
                for try await chunk in chunks {
                    let (lines, isEnough) = state.take(chunk, query)
                    if !lines.isEmpty { try await deliver(lines) }
                    if isEnough { return }
                }
                let lines = state.endRound()
                if !lines.isEmpty { try await deliver(lines) }
            }
        } catch let error as CouldNotLook where error.cause.code == .connectionLost {
            let pass = state.value
            note(
                request.statement, "broken off after \(pass.received - before.received) bytes: \(error.cause.sentence)")
            // Without a line that is known there is nothing to begin again from.
            guard pass.resumeFrom != nil, !pass.isInsideLine, !pass.isTornOff, pass.newLines > 0 else { throw error }
            return pass
        } catch let error as CouldNotLook {
            noteFailure(request, error)
            throw error
        }
        let pass = state.value
        note(
            request.statement,
            "\(pass.received - before.received) bytes, \(pass.newLines) new lines, \(pass.span.lines) of the period, "
                + "first \(pass.firstSeen.map(\.description) ?? "none"), "
                + "last \(pass.span.last.map(\.description) ?? "none")"
                + (pass.strayLines > 0 ? ", not of the log: \(pass.strayLines) lines" : ""))
        return pass
    }

    // MARK: The beginning

    /// Whether the first line of the period was there to be read. A file's lines follow each other without gaps, so a
    /// file that begins at or before the period holds all of it; a container that began in the period has no earlier
    /// ones, if its first file is still there.
    private func beginning(_ query: LogQuery, _ pass: LogPass, _ life: ContainerLife?) async throws -> LogCoverage {
        if let since = query.since, let first = pass.firstSeen, first <= LogTime(since) { return .covered }
        let first = try await firstTime(query)
        if let since = query.since, let first, first <= LogTime(since) { return .covered }
        let started = query.previous && life?.currentIsPrevious != true ? life?.previousStarted : life?.started
        let finished = query.previous && life?.currentIsPrevious != true ? life?.previousFinished : life?.finished
        let name = "container \(query.container) of pod \(query.pod)"
        guard let started else {
            return .unknown(Cause(.partlyCovered, "The log of \(name) begins after the period does."))
        }
        if let since = query.since, started <= since {
            return .unknown(
                Cause(
                    .partlyCovered,
                    first == nil
                        ? "The log of \(name) is empty, and the container is older than the period: it wrote nothing, "
                            + "or what it wrote was rotated away."
                        : "The log of \(name) begins after the period does, and the container is older: "
                            + "earlier lines were rotated away, or there were none."))
        }
        if let first, first <= LogTime(started + LogLimits.firstLineAfterStart) { return .covered }
        // Nothing can be rotated away in so short a life.
        if let finished, finished - started < LogLimits.firstLineAfterStart { return .covered }
        return .unknown(
            Cause(
                .partlyCovered,
                first == nil
                    ? "The log of \(name) is empty: it wrote nothing, or what it wrote was rotated away."
                    : "The log of \(name) begins later than the container started: "
                        + "earlier lines were rotated away, or there were none."))
    }

    /// The time of the first line that the node still has. It is asked for after the period was read: files only ever go
    /// at the front, so what is still there now was there then.
    private func firstTime(_ query: LogQuery) async throws -> LogTime? {
        let request = try logRequest(query, from: nil, limitBytes: LogLimits.firstTime)
        let time = try await streamLog(query, request) { chunks in
            var head: [UInt8] = []
            for try await chunk in chunks where head.count < LogLimits.firstTime { head += chunk }
            return LogTime(head.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") })
        }
        note(request.statement, "first line \(time.map(\.description) ?? "none")")
        return time
    }
}
