import ClientKubernetes
import Host
import Maintenance
import Synchronization

/// What the logs of one pod came to.
struct PodLogScan: Sendable {
    let pod: String
    var span = LogSpan()
    var errors = 0
    /// When the newest and the oldest error were written.
    var firstError: LogTime?
    var lastError: LogTime?
    /// Containers that could not be read, or not wholly, each with its cause.
    var gaps: [(container: String, cause: Cause)] = []
    /// True where the pod ended before the period began.
    var isOver = false
    var containers: [String] = []
    let started: Instant?

    init(_ pod: KubernetesObject) {
        self.pod = pod.name
        started = pod["status", "startTime"]?.asInstant ?? pod.created
    }

    /// Reads the logs of the pod's containers, one after the other.
    static func read(
        _ pod: KubernetesObject, _ action: LogsErrors, since: Instant, until: Instant, _ access: KubernetesAccess
    ) async throws -> PodLogScan {
        var scan = PodLogScan(pod)
        if let ended = ended(pod), ended < since {
            scan.isOver = true
            return scan
        }
        let names = action.containers.isEmpty ? pod.servingContainers : action.containers
        let missing = names.filter { !pod.allContainers.contains($0) }
        for name in missing {
            scan.gaps.append((name, Cause(.notFound, "The pod \(pod.name) has no container \(name).")))
        }
        for name in names where !missing.contains(name) {
            scan.containers.append(name)
            var query = PodLogQuery(container: name, since: since, until: until)
            query.maySilent = action.silent.contains(name)
            query.lineLimit = KubernetesActionLimits.logLine
            let tally = LogTally(try action.judge())
            do {
                let span = try await access.logs(of: pod, query) { try tally.take($0) }
                if let cause = span.coverage.cause { scan.gaps.append((name, cause)) }
                scan.add(span)
            } catch let error as CouldNotLook {
                scan.gaps.append((name, error.cause))
            }
            scan.take(tally)
        }
        return scan
    }

    private mutating func add(_ other: LogSpan) {
        span.lines += other.lines
        span.bytes += other.bytes
        span.cutLines += other.cutLines
        span.first = [span.first, other.first].compactMap(\.self).min()
        span.last = [span.last, other.last].compactMap(\.self).max()
    }

    private mutating func take(_ tally: LogTally) {
        let counted = tally.counted.withLock { $0 }
        errors += counted.errors
        firstError = [firstError, counted.first].compactMap(\.self).min()
        lastError = [lastError, counted.last].compactMap(\.self).max()
        // Of a log that broke off, what was read before is known all the same.
        span.lines = max(span.lines, counted.lines)
    }

    /// When a pod that is over ended; `nil` where it is not over, or nobody knows.
    private static func ended(_ pod: KubernetesObject) -> Instant? {
        guard let phase = pod["status", "phase"]?.asText, phase == "Succeeded" || phase == "Failed" else { return nil }
        let ends = pod.containerLives.values.map(\.finished)
        return ends.contains(nil) ? nil : ends.compactMap(\.self).max()
    }

    var isCovered: Bool { gaps.isEmpty }

    var details: [String: JSONValue] {
        func text(_ time: LogTime?) -> JSONValue { time.map { .text($0.description) } ?? .null }
        return [
            "pod": .text(pod), "containers": .number(Double(containers.count)), "lines": .number(Double(span.lines)),
            "bytes": .number(Double(span.bytes)), "errors": .number(Double(errors)), "first": text(span.first),
            "last": text(span.last), "first_error": text(firstError), "last_error": text(lastError),
            "cut_lines": .number(Double(span.cutLines)), "covered": .bool(isCovered),
        ]
    }
}

/// Counts lines and errors while a log comes.
final class LogTally: Sendable {
    struct Counted {
        var lines = 0
        var errors = 0
        var first: LogTime?
        var last: LogTime?
    }

    let counted = Mutex(Counted())
    private let judge: Mutex<LineJudge>

    init(_ judge: sending LineJudge) { self.judge = Mutex(judge) }

    func take(_ lines: [LogLine]) throws {
        try judge.withLock { judge in
            for line in lines {
                let isError = try judge.isError(line.bytes)
                counted.withLock { counted in
                    counted.lines += 1
                    guard isError else { return }
                    counted.errors += 1
                    counted.first = counted.first.map { min($0, line.time) } ?? line.time
                    counted.last = counted.last.map { max($0, line.time) } ?? line.time
                }
            }
        }
    }
}
