public import ClientKubernetes
import Host
public import Maintenance

extension RolloutRestart {
    public func apply(
        _ unit: WorkUnit, since baseline: RolloutBaseline, _ access: KubernetesAccess, in context: Context
    ) async throws {
        let begun = try await mark(baseline, access, context)
        let look = try await RolloutLook.takePatiently(access, baseline, in: context)
        let selector = look.workload.map { Workload($0.json, kind: baseline.kind).selector.text } ?? ""
        let watch = RolloutWatch(access: access, baseline: baseline, selector: selector, host: context.host)
        var doneSince: Duration?
        let lowest = try await watch.follow(look) { view -> Int? in
            let now = context.host.now()
            var state = RolloutJudgement(view: view, patience: patience, now: now).state
            if case .failing = state, try await Autoscaling.isAwaited(&view, access) {
                state = RolloutJudgement(view: view, patience: patience, now: now).state
            }
            switch state {
            case .absent:
                throw ChangeFailed(
                    Cause("changed-since", "Somebody took the mark of the restart off \(unit.title)."))
            case .failing(let cause): throw ChangeFailed(cause)
            case .progressing(let text, let done, let total):
                doneSince = nil
                context.progress(Progress(done: Double(done), total: Double(total), text))
                guard now - begun <= deadline else {
                    throw ChangeFailed(
                        .timedOut,
                        "\(text), \(deadline.rough) after the restart\(view.warning.map { "; \($0)" } ?? "").")
                }
                guard context.remaining > KubernetesActionLimits.tick else {
                    throw CouldNotLook(.timedOut, "\(text), at the end of the step's time.")
                }
                return nil
            case .done(let done):
                let steady = context.host.steady()
                let since = doneSince ?? steady
                doneSince = since
                context.progress(
                    Progress(done: Double(done.pods), total: Double(done.pods), "\(unit.title): all pods are ready"))
                let isOver = steady - since >= settle || context.remaining < KubernetesActionLimits.tick * 3
                return isOver ? view.lowestReady ?? 0 : nil
            }
        }
        // Only a note for the report: without it the restart is proven all the same.
        try? await note(.settled(begun, lowest: lowest), baseline, access)
    }

    /// Marks the template, unless an earlier attempt did; returns when it was marked.
    private func mark(
        _ baseline: RolloutBaseline, _ access: KubernetesAccess, _ context: Context
    ) async throws -> Instant {
        for _ in 0..<KubernetesActionLimits.conflicts {
            let workload = try await Self.own(baseline, access)
            if workload.templateAnnotations[RestartMark.key] == baseline.mark {
                switch RestartMark.record(baseline.mark, in: workload.annotations) {
                case .applied(let at)?, .settled(let at, _)?: return at
                case .undone?, nil: return baseline.at
                }
            }
            if let finding = Self.findings(workload).first(where: { $0.severity == .fail }) {
                throw ChangeFailed(finding.cause)
            }
            guard try workload.templateDigest == baseline.template else {
                throw ChangeFailed(
                    .conflict, "Somebody changed the template of \(workload.id) since the restart was planned.")
            }
            let now = context.host.now()
            let template = [
                RestartMark.key: baseline.mark,
                RestartMark.instant: Instant(secondsSinceEpoch: baseline.at.secondsSinceEpoch).description,
            ]
            if try await write(template.mapValues { .text($0) }, .applied(now), baseline, workload, access) {
                return now
            }
        }
        throw CouldNotLook(
            .conflict, "\(baseline.kind.word)/\(baseline.name) is changed by others without a pause.")
    }

    public func undo(
        _ unit: WorkUnit, since baseline: RolloutBaseline, _ access: KubernetesAccess, in context: Context
    ) async throws {
        try await unmark(baseline, access, context)
        let look = try await RolloutLook.takePatiently(access, baseline, in: context)
        let selector = look.workload.map { Workload($0.json, kind: baseline.kind).selector.text } ?? ""
        let watch = RolloutWatch(access: access, baseline: baseline, selector: selector, host: context.host)
        let begun = context.host.steady()
        _ = try await watch.follow(look) { view -> Bool? in
            guard let rest = view.undoing else { return true }
            context.progress(Progress(done: 0, rest))
            guard context.host.steady() - begun <= deadline, context.remaining > KubernetesActionLimits.tick else {
                throw CouldNotLook(.timedOut, "\(rest), \(deadline.rough) after it was taken back.")
            }
            return nil
        }
    }

    /// Puts the template back as it was before: its controller then finds the earlier pods' template and returns to it.
    private func unmark(_ baseline: RolloutBaseline, _ access: KubernetesAccess, _ context: Context) async throws {
        for _ in 0..<KubernetesActionLimits.conflicts {
            let workload = try await Self.own(baseline, access)
            guard workload.templateAnnotations[RestartMark.key] == baseline.mark else { return }
            guard try workload.templateDigest == baseline.template else {
                throw ChangeFailed(
                    .conflict, "Somebody changed the template of \(workload.id) since: it is theirs to take back.")
            }
            let template = [
                RestartMark.key: baseline.earlierMark.map { JSONValue.text($0) } ?? .null,
                RestartMark.instant: baseline.earlierInstant.map { JSONValue.text($0) } ?? .null,
            ]
            if try await write(template, .undone(context.host.now()), baseline, workload, access) { return }
        }
        throw CouldNotLook(
            .conflict, "\(baseline.kind.word)/\(baseline.name) is changed by others without a pause.")
    }

    private func note(
        _ record: RestartMark.Record, _ baseline: RolloutBaseline, _ access: KubernetesAccess
    ) async throws {
        let workload = try await Self.own(baseline, access)
        guard workload.templateAnnotations[RestartMark.key] == baseline.mark else { return }
        _ = try await write([:], record, baseline, workload, access)
    }

    private static func own(_ baseline: RolloutBaseline, _ access: KubernetesAccess) async throws -> Workload {
        let object = try await access.find(baseline.kind.api, baseline.name, namespace: baseline.namespace)
        let id = "\(baseline.kind.word)/\(baseline.name)"
        guard let object else { throw ChangeFailed(.notFound, "\(id) is not there any more.") }
        guard object.uid == baseline.uid else {
            throw ChangeFailed(.notFound, "\(id) was deleted and made anew by somebody else.")
        }
        return Workload(object.json, kind: baseline.kind)
    }

    /// False where it was changed since it was read.
    private func write(
        _ template: [String: JSONValue], _ record: RestartMark.Record, _ baseline: RolloutBaseline,
        _ workload: Workload, _ access: KubernetesAccess
    ) async throws -> Bool {
        var patch: [String: JSONValue] = [
            "metadata": [
                "uid": .text(workload.uid), "resourceVersion": .text(workload.resourceVersion),
                "annotations": [RestartMark.key: .text(RestartMark.text(baseline.mark, record))],
            ]
        ]
        if !template.isEmpty {
            patch["spec"] = ["template": ["metadata": ["annotations": .object(template)]]]
        }
        do {
            try await access.patch(
                baseline.kind.api, baseline.name, .merge(.object(patch)), namespace: baseline.namespace)
            return true
        } catch let failure as KubernetesFailure where failure.code == 409 {
            return false
        } catch let failure as KubernetesFailure {
            throw failure.isCertain ? ChangeFailed(failure.cause) : CouldNotLook(failure.cause) as any Error
        }
    }
}
