public import ClientKubernetes
import Host
public import Maintenance

/// Errors in the logs of all replicas over a period.
public struct LogsErrors: Check {
    public typealias Kind = KubernetesKind

    enum Replaced: String, WordValue { case unknown, warn }

    var selector = LabelSelector(requirements: [])
    var namespace: String?
    var containers: [String] = []
    var since: Duration = .seconds(86_400)
    var pattern: LogPattern?
    var except: LogPattern?
    var levelField: String?
    var levels: [String] = []
    var silent: [String] = []
    var replaced = Replaced.unknown

    public init() {}

    public static let declaration = Declaration(
        name: "kubernetes.logs-errors",
        summary: "Counts the errors in the logs of all replicas over a period, every line of every container.",
        measurements: [
            MeasurementDeclaration("errors", "Lines that are errors."),
            MeasurementDeclaration("errors_per_hour", "Errors an hour, over the time in which the replicas ran."),
            MeasurementDeclaration("lines", "Lines that were read."),
            MeasurementDeclaration("replicas", "Pods whose logs were read."),
            MeasurementDeclaration("unreadable", "Pods whose logs could not be read, or only in part."),
        ],
        thresholds: Thresholds(warn: "errors_per_hour >= 10", fail: "errors_per_hour >= 50"),
        timeout: .seconds(300),
        applies: """
            Every Kubernetes whose containers log to their standard streams. A node keeps the newest file of a log, \
            10 MiB by default, and the container before the last restart: where that does not reach back to the \
            period's beginning, the verdict is unknown, and a shorter period or a store of logs is what helps.
            """,
        example: "{ selector: app=steam-trap-inspector, since: 24h }")

    public static let parameters: [Parameter<LogsErrors>] = [
        .required("selector", \.selector, "The labels of the pods, such as app=worker."),
        .optional("namespace", \.namespace, default: nil, "The namespace, where it is not the target's."),
        .optional("containers", \.containers, default: [], "Containers to read; without it all that serve."),
        .optional("since", \.since, default: .seconds(86_400), "How far the period reaches back."),
        .optional(
            "pattern", \.pattern, default: nil,
            "A regular expression for lines that are errors. Without it, the level that a line states itself decides (a "
                + "level field of a JSON line, level=error), else words such as ERROR, FATAL or [error], and traces."),
        .optional("except", \.except, default: nil, "A regular expression for lines that are no errors after all."),
        .optional(
            "level-field", \.levelField, default: nil,
            "The field of a JSON line that holds its level; then nothing but the level counts."),
        .optional("levels", \.levels, default: [], "The levels that are errors; without it error and all above it."),
        .optional("silent", \.silent, default: [], "Containers that may write nothing at all."),
        .optional(
            "replaced", \.replaced, default: .unknown,
            "What it means that pods were replaced within the period: the logs of those before them are gone."),
    ]

    public func validate() throws(ValueError) {
        guard since >= .seconds(1) else { throw ValueError("at least a second", path: ["since"]) }
        guard pattern == nil || levelField == nil && levels.isEmpty else {
            throw ValueError("either `pattern`, or `level-field` and `levels`", path: ["pattern"])
        }
    }

    public var rights: [Right] {
        [
            .kubernetes(.look, ["get", "list"], ["pods"], in: namespace, reason: "to find the replicas"),
            .kubernetes(.look, ["get"], ["pods/log"], in: namespace, reason: "to read their logs"),
            .kubernetes(
                .look, ["get"], ["replicasets.apps", "statefulsets.apps", "daemonsets.apps"], in: namespace,
                reason: "to see whether pods were replaced, and their logs gone with them"),
            .kubernetes(
                .look, ["list"], ["nodes"], everywhere: true,
                reason: "to tell a DaemonSet's pod on a new node from one that was replaced"),
        ]
    }

    func judge() throws -> sending LineJudge {
        var errors = ErrorPattern()
        if let levelField {
            errors.fields = [levelField]
            errors.levelsOnly = true
        }
        if !levels.isEmpty { errors.levels = Set(levels.map { $0.lowercased() }) }
        return try LineJudge(pattern: pattern, except: except, errors: errors)
    }

    public func observe(_ access: KubernetesAccess, in context: Context) async throws -> Observation {
        let until = context.host.now()
        let begin = until - since
        let pods = try await access.list(.pods, labels: selector.text, namespace: namespace).objects
        let scans = try await read(pods, since: begin, until: until, access, in: context)
        var findings = scans.flatMap(findings)
        findings += try await rollouts(pods, since: begin, access)
        findings += try await madeAnew(pods, since: begin, access)
        let current = scans.filter { !$0.isOver }
        if current.isEmpty {
            let cause = Cause(
                .noData, "No pod in \(namespace ?? access.namespace) has the labels \(selector.text) and ran then.")
            findings.append(
                Finding(selector.text, .unknown, cause, advice: "Check the selector and the namespace."))
        }
        return observation(current, findings, since: begin, until: until)
    }

    private func observation(
        _ scans: [PodLogScan], _ findings: [Finding], since: Instant, until: Instant
    ) -> Observation {
        let errors = scans.reduce(0) { $0 + $1.errors }
        let lines = scans.reduce(0) { $0 + $1.span.lines }
        // An application that is younger than the period has no errors from before it was there.
        let begin = max(since, scans.compactMap(\.started).min() ?? since)
        let hours = max(until - begin, KubernetesActionLimits.shortestRate).inSeconds / 3600
        let unreadable = scans.filter { !$0.isCovered }.count
        var seen = Observation(
            summary: "\(errors) errors in \(lines) lines of \(scans.count) pods over \(since == begin ? "" : "only ")"
                + "\(Self.hours(hours)) hours",
            measurements: [
                Measurement("lines", lines), Measurement("replicas", scans.count),
                Measurement("unreadable", unreadable),
            ], findings: findings, details: scans.map(\.details))
        if lines > 0 {
            seen.measurements += [
                Measurement("errors", errors), Measurement("errors_per_hour", Double(errors) / hours),
            ]
        } else {
            let cause = Cause(.noData, "Not a line was read, so it is not known whether there were errors.")
            seen.missing = ["errors": cause, "errors_per_hour": cause]
        }
        return seen
    }

    private func findings(_ scan: PodLogScan) -> [Finding] {
        guard !scan.isOver else { return [] }
        var findings = scan.gaps.map { gap in
            Finding(
                "\(scan.pod)/\(gap.container)", .unknown, gap.cause,
                advice: gap.cause.code == .partlyCovered
                    ? "Take a shorter `since`, or look where the logs are collected." : nil)
        }
        if scan.span.lines == 0, scan.gaps.isEmpty, !Set(scan.containers).isSubset(of: silent) {
            findings.append(
                Finding(
                    scan.pod, .unknown, Cause(.noData, "The pod \(scan.pod) wrote not a line in the period."),
                    advice:
                        "Check that it logs to its standard streams; name a container that writes nothing in `silent`.")
            )
        }
        if scan.span.cutLines > 0 {
            let limit = ByteCount.text(Double(KubernetesActionLimits.logLine))
            findings.append(
                Finding(
                    scan.pod, .warn,
                    Cause(
                        .tooLarge,
                        "\(scan.span.cutLines) lines of pod \(scan.pod) are longer than \(limit); only their beginning "
                            + "was judged.")))
        }
        return findings
    }

    private static func hours(_ hours: Double) -> String { ((hours * 10).rounded() / 10).written }
}
