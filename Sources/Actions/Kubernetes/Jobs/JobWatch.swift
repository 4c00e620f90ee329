import ClientKubernetes
import Host
import Maintenance

/// Follows a Job to its end, and names what keeps its pod from starting.
struct JobWatch: Sendable {
    let job: KubernetesObject
    let namespace: String
    let access: KubernetesAccess
    let context: Context

    private enum News: Sendable {
        case job(KubernetesObject?)
        case pod(KubernetesObject, isGone: Bool)
        case tick
    }

    /// Returns when the Job succeeded.
    func awaitEnd(patience: Duration, deadline: Duration) async throws {
        let listed = try await access.list(.pods, labels: "job-name=\(job.name)", namespace: namespace)
        var current: KubernetesObject? = job
        var pods = Dictionary(listed.objects.map { ($0.uid, Pod($0.json)) }) { first, _ in first }
        let (news, feed) = AsyncStream.makeStream(of: News.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer {
                feed.finish()
                group.cancelAll()
            }
            start(listed, feed, &group)
            var ticks = 0
            if try await isOver(current, pods, patience) { return }
            for await item in news {
                try Task.checkCancellation()
                switch item {
                case .job(let object): current = object
                case .pod(let object, let isGone): pods[object.uid] = isGone ? nil : Pod(object.json)
                case .tick:
                    ticks += 1
                    // A watch that is refused or silent must not hide what happens.
                    guard ticks % 5 == 0 else { break }
                    current = try await access.find(.jobs, job.name, namespace: namespace)
                    let again = try await access.list(.pods, labels: "job-name=\(job.name)", namespace: namespace)
                    pods = Dictionary(again.objects.map { ($0.uid, Pod($0.json)) }) { first, _ in first }
                }
                if try await isOver(current, pods, patience) { return }
            }
            throw CancellationError()
        }
    }

    private func start(
        _ pods: KubernetesList, _ feed: AsyncStream<News>.Continuation,
        _ group: inout ThrowingTaskGroup<Void, any Error>
    ) {
        let (job, host) = (job, context.host)
        let watches = WatchFeed(access: access, namespace: namespace, feed: feed)
        group.addTask {
            await watches.watch(
                .jobs, fields: "metadata.name=\(job.name)",
                from: KubernetesList(objects: [job], resourceVersion: job.resourceVersion)
            ) { .job($1 ? nil : $0) }
        }
        group.addTask {
            await watches.watch(.pods, labels: "job-name=\(job.name)", from: pods) { .pod($0, isGone: $1) }
        }
        group.addTask { try await watches.tick(.tick, on: host) }
    }

    private func isOver(
        _ object: KubernetesObject?, _ pods: [String: Pod], _ patience: Duration
    ) async throws -> Bool {
        guard let object, object.uid == job.uid else {
            throw CouldNotLook(
                .perhapsApplied, "Job \(job.name) was deleted before its end was seen. See what became of its work.")
        }
        let facts = JobFacts(object.json)
        if facts.isComplete { return true }
        if let failure = facts.failure {
            throw ChangeFailed(Cause("job-failed", await JobFailure.sentence(facts, failure, namespace, access)))
        }
        let now = context.host.now()
        if let stuck = Self.stuck(Array(pods.values), patience, at: now) {
            throw ChangeFailed(Cause(stuck.cause.code, "Job \(facts.name): \(stuck.sentence)"))
        }
        guard context.remaining > KubernetesActionLimits.tick else {
            throw CouldNotLook(.timedOut, "Job \(facts.name) still runs at the end of the step's time.")
        }
        let span = facts.started.map { " for \((now - $0).rough)" } ?? ""
        let failed = facts.failed > 0 ? ", \(facts.failed) of its pods failed" : ""
        let trouble = pods.values.lazy.compactMap { $0.isOver ? nil : $0.trouble(at: now)?.sentence }.first
        context.progress(
            Progress(
                done: Double(facts.succeeded),
                "Job \(facts.name) runs\(span)\(failed)\(trouble.map { ": \($0)" } ?? "")"))
        return false
    }

    /// What will keep a pod from ever starting. Crashes are the Job's own to count.
    static func stuck(_ pods: [Pod], _ patience: Duration, at now: Instant) -> PodTrouble? {
        for pod in pods.sorted(by: { $0.name < $1.name }) where !pod.isOver && !pod.isTerminating {
            guard let trouble = pod.trouble(at: now), trouble.isLasting, trouble.kind != .crashLooping,
                now - (trouble.since ?? pod.created ?? now) >= patience
            else { continue }
            return PodTrouble(
                kind: trouble.kind, sentence: "pod \(pod.name): \(trouble.sentence)", since: trouble.since)
        }
        return nil
    }
}

/// Why a Job failed, as people want to hear it: the reason, how its pod ended, and its last words.
enum JobFailure {
    static func sentence(
        _ job: JobFacts, _ failure: Pod.Condition, _ namespace: String, _ access: KubernetesAccess
    ) async -> String {
        var sentence = "Job \(job.name) failed (\(shown(failure.reason)))"
        if let span = job.duration { sentence += " after \(span.rough)" }
        let listed = try? await access.list(.pods, labels: "job-name=\(job.name)", namespace: namespace)
        let pods = (listed?.objects ?? []).map { Pod($0.json) }.filter { $0.phase != "Succeeded" }
        let last = pods.max { ($0.created?.microsecondsSinceEpoch ?? 0) < ($1.created?.microsecondsSinceEpoch ?? 0) }
        guard let last else { return sentence + "; its pods are gone." }
        let ended = last.containers.first { ($0.ended ?? $0.lastEnded)?.isFailure == true }
        if let ended, let ending = ended.ended ?? ended.lastEnded {
            sentence += ": \(ended.title) of pod \(last.name) ended with \(ending.text)"
        } else if let trouble = last.trouble(at: failure.since ?? Instant(microsecondsSinceEpoch: 0)) {
            sentence += ": pod \(last.name): \(trouble.sentence.dropLast())"
        }
        if let words = await lastWords(last, ended?.name, namespace, access) { sentence += ". Its log ends: \(words)" }
        return sentence + "."
    }

    private static func lastWords(
        _ pod: Pod, _ container: String?, _ namespace: String, _ access: KubernetesAccess
    ) async -> String? {
        let lines = try? await access.lastLines(
            pod: pod.name, container: container, namespace: namespace, lines: KubernetesActionLimits.logLines)
        let words = (lines ?? []).map { shown($0) }.filter { !$0.isEmpty }.suffix(KubernetesActionLimits.shownLogLines)
            .joined(separator: " | ")
        return words.isEmpty ? nil : shown(words, limit: KubernetesActionLimits.shownLog)
    }
}
