public import Host
import Maintenance

/// A period of the log of one container of a pod, through its restarts.
public struct PodLogQuery: Sendable {
    public var container: String
    public var since: Instant?
    public var until: Instant
    /// True where an empty log is taken as it is: of a container that is known to write nothing.
    public var maySilent = false
    public var lineLimit = LogLimits.line
    public var longLines = LongLines.cut
    public var byteLimit = LogLimits.bytes

    public init(container: String, since: Instant?, until: Instant) {
        self.container = container
        self.since = since
        self.until = until
    }
}

extension KubernetesAccess {
    /// Reads a period of one container's log, the log of the container before its last restart included. Whatever keeps
    /// the period from being whole is in the span's coverage: rotation, earlier restarts, a restart meanwhile.
    public func logs(
        of pod: KubernetesObject, _ query: PodLogQuery, _ deliver: @escaping LogLines
    ) async throws -> LogSpan {
        let name = "container \(query.container) of pod \(pod.name)"
        guard let life = pod.containerLives[query.container], !life.neverStarted else {
            throw CouldNotLook(.noData, "The \(name) has not started\(Self.reason(pod, query.container)).")
        }
        var one = LogQuery(
            pod: pod.name, container: query.container, namespace: pod.namespace.isEmpty ? nil : pod.namespace,
            since: query.since, until: query.until)
        one.lineLimit = query.lineLimit
        one.longLines = query.longLines
        one.byteLimit = query.byteLimit
        var span = LogSpan()
        if life.needsPrevious(since: query.since) {
            one.previous = true
            do {
                span = try await logs(one, life: life, deliver)
            } catch let error as CouldNotLook where error.cause.code != .timedOut {
                span.beginning = .unknown(
                    Cause(
                        .partlyCovered,
                        "The \(name) was restarted in the period, and its log from before could not be read: "
                            + error.cause.sentence))
            }
        }
        one.previous = life.currentIsPrevious
        span.add(try await logs(one, life: life, deliver))
        if life.lostContainers(since: query.since) {
            span.beginning = span.beginning.and(
                .unknown(
                    Cause(
                        .partlyCovered,
                        "The \(name) was restarted \(life.restarts) times, and only the last logs are kept.")))
        }
        if query.maySilent, span.lines == 0, span.end == .covered { span.beginning = .covered }
        span.end = span.end.and(try await unchanged(pod, life))
        return span
    }

    /// A restart while we read moves the logs under our hands.
    private func unchanged(_ pod: KubernetesObject, _ life: ContainerLife) async throws -> LogCoverage {
        let namespace = pod.namespace.isEmpty ? nil : pod.namespace
        guard let after = try await find(.pods, pod.name, namespace: namespace), after.uid == pod.uid else {
            return .unknown(
                Cause(.partlyCovered, "The pod \(pod.name) was deleted while its logs were read."))
        }
        guard let now = after.containerLives[life.name], now.restarts == life.restarts, now.id == life.id else {
            return .unknown(
                Cause(
                    .partlyCovered,
                    "The container \(life.name) of pod \(pod.name) was restarted while its logs were read."))
        }
        return .covered
    }

    private static func reason(_ pod: KubernetesObject, _ container: String) -> String {
        if case .waiting(let reason)? = pod.containerLives[container]?.state { return ": \(reason.prefix(100))" }
        if pod.containerLives[container] == nil, let phase = pod["status", "phase"]?.asText {
            return ": the pod is \(phase.prefix(40))"
        }
        return ""
    }
}
