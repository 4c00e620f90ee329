import Host
import Maintenance

/// Judges what was seen of a namespace: pure, and one pass over the pods.
struct PodsJudgement {
    private let view: NamespaceView
    private let check: KubernetesPods
    private let now: Instant
    /// The workloads that are judged, in the order in which they were listed, and where each is by its uid.
    private let chosen: [Workload]
    private let places: [String: Int]
    private var tallies: [PodTally]
    private var findings: [Finding] = []
    private var podDetails: [[String: JSONValue]] = []
    private var counts = Counts()

    private struct Counts {
        var pods = 0, ready = 0, notReady = 0, restarts = 0, crashLooping = 0, pending = 0, terminating = 0
        var unscheduled = 0, evicted = 0
    }

    static func observe(_ view: NamespaceView, _ check: KubernetesPods, at now: Instant) throws -> Observation {
        var judgement = PodsJudgement(view, check, now)
        try judgement.findMissing()
        for pod in view.pods { judgement.take(pod) }
        return judgement.observation()
    }

    private init(_ view: NamespaceView, _ check: KubernetesPods, _ now: Instant) {
        self.view = view
        self.check = check
        self.now = now
        chosen = view.workloads.filter { workload in
            func isNamed(_ patterns: [WorkloadPattern]) -> Bool {
                patterns.contains { $0.matches(workload.kind, workload.name) }
            }
            return (check.workloads.isEmpty || isNamed(check.workloads)) && !isNamed(check.except)
                && (check.selector?.matches(workload.templateLabels) ?? true)
        }
        places = Dictionary(chosen.enumerated().map { ($1.uid, $0) }) { first, _ in first }
        tallies = Array(repeating: PodTally(), count: chosen.count)
    }

    /// A name that nothing has is a mistake or a loss, never nothing.
    private mutating func findMissing() throws {
        for pattern in check.workloads
        where !chosen.contains(where: { pattern.matches($0.kind, $0.name) }) {
            let what = pattern.isExact ? "There is no workload" : "No workload matches"
            findings.append(
                Finding(
                    pattern.written, .fail, Cause(.notFound, "\(what) \(pattern.written) in \(view.namespace)."),
                    advice: "Check the name, the namespace and `except`."))
        }
        if chosen.isEmpty, findings.isEmpty {
            throw CouldNotLook(
                .noData, "\(view.namespace) has no workload to look at: check the namespace, the selector and `except`."
            )
        }
    }

    private mutating func take(_ pod: Pod) {
        guard let uid = view.workload(of: pod), let place = places[uid] else { return }
        var trouble = pod.trouble(at: now, restartedWithin: check.restartedWithin)
        var isReady = pod.isReady
        if isReady, let node = pod.node, let why = view.unreadyNodes?[node] {
            isReady = false
            trouble = PodTrouble(
                kind: .nodeNotReady, sentence: "It says ready, but its node \(node) is not: \(why).", since: nil)
        }
        count(pod, isReady, trouble, place)
        if podDetails.count < Limits.detailsPerStep { podDetails.append(detail(pod, isReady, trouble, place)) }
        guard let trouble, isTold(trouble) else { return }
        if !isReady, pod.phase != "Failed" { tallies[place].explained += 1 }
        findings.append(
            Finding(
                pod.name, .warn, Cause(trouble.cause.code, "Pod \(pod.name): \(trouble.sentence)"),
                advice: trouble.advice,
                attributes: [
                    "workload": .text(chosen[place].id), "node": pod.node.map { .text($0) } ?? .null,
                    "restarts": .number(Double(pod.restarts)),
                ]))
    }

    private mutating func count(_ pod: Pod, _ isReady: Bool, _ trouble: PodTrouble?, _ place: Int) {
        if pod.phase == "Failed" {
            if trouble?.kind == .evicted { counts.evicted += 1 }
            return
        }
        counts.pods += 1
        counts.restarts += pod.restarts
        if let created = pod.created { tallies[place].newest = max(tallies[place].newest ?? created, created) }
        if pod.isTerminating {
            counts.terminating += 1
            tallies[place].terminating += 1
            return
        }
        tallies[place].live += 1
        if isReady {
            counts.ready += 1
            tallies[place].ready += 1
        } else {
            counts.notReady += 1
        }
        if pod.phase == "Pending" { counts.pending += 1 }
        if trouble?.kind == .crashLooping { counts.crashLooping += 1 }
        if trouble?.kind == .unschedulable { counts.unscheduled += 1 }
    }

    /// A pod that is on its way out is no news; neither is an eviction of last week.
    private func isTold(_ trouble: PodTrouble) -> Bool {
        switch trouble.kind {
        case .terminating: false
        case .evicted, .failed: trouble.since.map { now - $0 < KubernetesActionLimits.evictionAge } ?? true
        default: true
        }
    }

    private func detail(
        _ pod: Pod, _ isReady: Bool, _ trouble: PodTrouble?, _ place: Int
    ) -> [String: JSONValue] {
        var detail: [String: JSONValue] = [
            "pod": .text(pod.name), "workload": .text(chosen[place].id), "phase": .text(pod.phase),
            "ready": .bool(isReady), "restarts": .number(Double(pod.restarts)),
        ]
        if let node = pod.node { detail["node"] = .text(node) }
        if let created = pod.created { detail["created"] = .text(created.description) }
        if let trouble {
            detail["state"] = .text(trouble.kind.rawValue)
            detail["because"] = .text(trouble.sentence)
        }
        return detail
    }

    private mutating func observation() -> Observation {
        var details: [[String: JSONValue]] = []
        for (workload, tally) in zip(chosen, tallies) {
            let progress = [
                view.newestReplicaSet[workload.uid], workload.condition("Progressing")?.updated, tally.newest,
            ].compactMap { $0 }.max()
            let troubles = workload.troubles(
                tally, progress: progress, rolloutWithin: check.rolloutWithin, at: now)
            findings += troubles.map { $0.finding(workload) }
            details.append([
                "workload": .text(workload.id), "desired": .number(Double(workload.desired)),
                "ready": .number(Double(tally.ready)), "updated": .number(Double(workload.updated)),
                "lacking": .number(Double(max(0, workload.desired - tally.ready))),
                "pods": .number(Double(tally.live)), "state": .text(troubles.first?.code ?? "well"),
            ])
        }
        let desired = chosen.reduce(0) { $0 + $1.desired }
        let expected = check.expected ?? desired
        if desired < expected {
            findings.append(
                Finding(
                    view.namespace, .warn,
                    Cause(
                        .threshold, "The workloads are scaled to \(desired) pods, and \(expected) are expected."),
                    advice: "Scale them up, or set `expected` anew."))
        }
        tellOfNodes()
        return Observation(
            summary: summary(expected), measurements: measurements(desired, expected),
            findings: sorted(), details: Array((details + podDetails).prefix(Limits.detailsPerStep)))
    }

    private mutating func tellOfNodes() {
        guard let cause = view.nodesCause else { return }
        findings.append(
            Finding(
                "nodes", .unknown,
                Cause(cause.code, "Whether the pods' nodes are ready could not be looked at. \(cause.sentence)"),
                advice: "Grant the right, or set `nodes: false`: then a pod's own word counts."))
    }

    private func sorted() -> [Finding] {
        findings.filter { $0.severity == .fail } + findings.filter { $0.severity != .fail }
    }

    private func summary(_ expected: Int) -> String {
        var parts = ["\(counts.ready) of \(expected) pods are ready"]
        let lacking = zip(chosen, tallies).filter { $1.ready < $0.desired }
        parts += lacking.prefix(KubernetesActionLimits.namedWorkloads).map { workload, tally in
            "\(workload.id) lacks \(workload.desired - tally.ready)"
        }
        let others = lacking.count - KubernetesActionLimits.namedWorkloads
        if others > 0 { parts.append("\(others) more lack some") }
        for (count, what) in [
            (counts.crashLooping, "crash-looping"), (counts.unscheduled, "unschedulable"),
            (counts.terminating, "terminating"),
        ] where count > 0 { parts.append("\(count) \(what)") }
        return parts.joined(separator: ", ")
    }

    private func measurements(_ desired: Int, _ expected: Int) -> [Measurement] {
        // What one workload has beyond its own number is of no use to another.
        let serving = zip(chosen, tallies).reduce(0) { $0 + min($1.1.ready, $1.0.desired) }
        return [
            Measurement("ready", counts.ready), Measurement("expected", expected), Measurement("desired", desired),
            Measurement("lacking", max(0, expected - serving)), Measurement("workloads", chosen.count),
            Measurement("pods", counts.pods), Measurement("not_ready", counts.notReady),
            Measurement("restarts", counts.restarts), Measurement("crash_looping", counts.crashLooping),
            Measurement("pending", counts.pending), Measurement("terminating", counts.terminating),
            Measurement("unscheduled", counts.unscheduled), Measurement("evicted", counts.evicted),
        ]
    }
}
