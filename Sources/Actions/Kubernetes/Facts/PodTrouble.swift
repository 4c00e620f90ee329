import Host
import Maintenance

/// Why a pod does not serve, or will soon not: the true reason, not the phase.
struct PodTrouble: Hashable, Sendable {
    enum Kind: String, Sendable {
        case crashLooping = "crash-looping"
        case imageNotPulled = "image-not-pulled"
        case notCreated = "container-not-created"
        case unschedulable
        case evicted
        case failed = "pod-failed"
        case hanging = "hanging-termination"
        case terminating
        case starting
        case notReady = "not-ready"
        case nodeNotReady = "node-not-ready"
        case restarted = "restarted-lately"
    }

    let kind: Kind
    let sentence: String
    /// Since when, by the cluster's clock.
    var since: Instant?

    /// True where it will not pass by waiting a little.
    var isLasting: Bool {
        switch kind {
        case .crashLooping, .imageNotPulled, .notCreated, .unschedulable: true
        default: false
        }
    }

    var cause: Cause { Cause(Cause.Code(rawValue: kind.rawValue), sentence) }

    var advice: String {
        switch kind {
        case .crashLooping, .failed, .restarted: "Read the log of its earlier life: kubectl logs --previous."
        case .imageNotPulled: "Check the image's name and tag, the registry, and the pull secret."
        case .notCreated: "Check the ConfigMaps, Secrets and volumes that it names."
        case .unschedulable: "Make room, or change its requests, selectors or tolerations."
        case .evicted: "See which resource its node ran out of, and set requests and limits."
        case .hanging: "See whether its node is gone or a finalizer is left; delete it by force only if nothing runs."
        case .terminating, .starting: "Look again in a moment."
        case .notReady: "See its readiness probe: kubectl describe pod."
        case .nodeNotReady: "See what became of the node: kubectl describe node."
        }
    }
}

extension Pod {
    /// What is wrong with it at that time; `nil` where it is well.
    func trouble(at now: Instant, restartedWithin settled: Duration = .zero) -> PodTrouble? {
        if isTerminating { return terminationTrouble(at: now) }
        switch phase {
        case "Succeeded": return nil
        case "Failed": return failure
        default: break
        }
        if let trouble = schedulingTrouble ?? containers.lazy.compactMap({ containerTrouble($0, at: now) }).first {
            return trouble
        }
        guard isReady else { return notReadyTrouble(at: now) }
        return restartTrouble(at: now, within: settled)
    }

    private func terminationTrouble(at now: Instant) -> PodTrouble? {
        guard let goneBy else { return nil }
        let over = now - goneBy
        guard over > KubernetesActionLimits.terminationSlack else {
            return PodTrouble(kind: .terminating, sentence: "It is being deleted.", since: goneBy)
        }
        let held = finalizers.isEmpty ? "" : ", held by the finalizers \(shown(finalizers.joined(separator: ", ")))"
        return PodTrouble(
            kind: .hanging,
            sentence: "It hangs in its termination: still there \(over.rough) after its grace of \(grace)s\(held).",
            since: goneBy)
    }

    private var failure: PodTrouble {
        if reason == "Evicted" {
            let why = message.isEmpty ? "" : ": \(shown(message))"
            return PodTrouble(kind: .evicted, sentence: "It was evicted\(why).", since: lastChange ?? created)
        }
        let ending = containers.compactMap { $0.ended }.first { $0.isFailure }?.text
        let why = [reason, message, ending ?? ""].filter { !$0.isEmpty }.map { shown($0) }.joined(separator: ": ")
        return PodTrouble(
            kind: .failed, sentence: why.isEmpty ? "It failed." : "It failed: \(why).", since: lastChange ?? created)
    }

    private var schedulingTrouble: PodTrouble? {
        guard node == nil, let scheduled, !scheduled.isTrue else { return nil }
        let message = scheduled.message.isEmpty ? scheduled.reason : scheduled.message
        return PodTrouble(
            kind: .unschedulable, sentence: "It cannot be scheduled: \(shown(message)).", since: scheduled.since)
    }

    private func containerTrouble(_ container: Container, at now: Instant) -> PodTrouble? {
        guard let waiting = container.waiting else {
            // Between its end and the next start there is nothing in the status but the end itself.
            guard let ended = container.ended, ended.isFailure, !container.isInit || container.restarts > 0 else {
                return nil
            }
            return PodTrouble(
                kind: container.restarts > 0 ? .crashLooping : .notReady,
                sentence: "Its \(container.title) ended with \(ended.text)\(Self.often(container)).", since: ended.at)
        }
        let message = waiting.message.isEmpty ? "" : ": \(shown(waiting.message))"
        switch waiting.reason {
        case "CrashLoopBackOff":
            let ending = container.lastEnded ?? container.ended
            let last = ending.map { ", last \($0.text)" } ?? ""
            let ago = ending?.at.map { " \((now - $0).rough) ago" } ?? ""
            return PodTrouble(
                kind: .crashLooping,
                sentence: "Its \(container.title) crash-loops: \(container.restarts) restarts\(last)\(ago).",
                since: ending?.at)
        case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
            "RegistryUnavailable", "SignatureValidationFailed":
            return PodTrouble(
                kind: .imageNotPulled,
                sentence: "The image of its \(container.title) is not to be had (\(waiting.reason))\(message).",
                since: scheduled?.since)
        case "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError",
            "PreCreateHookError", "PreStartHookError", "PostStartHookError":
            return PodTrouble(
                kind: .notCreated,
                sentence: "Its \(container.title) cannot be created (\(waiting.reason))\(message).",
                since: scheduled?.since)
        default: return nil
        }
    }

    private func notReadyTrouble(at now: Instant) -> PodTrouble {
        let since = ready?.since ?? created
        let span = since.map { " for \((now - $0).rough)" } ?? ""
        if phase == "Unknown" || ready?.status == "Unknown" {
            return PodTrouble(
                kind: .notReady, sentence: "Its node does not say how it is\(span).", since: since)
        }
        guard phase == "Running" else {
            let what = containers.first { $0.waiting != nil }.map {
                " (\($0.title): \(shown($0.waiting?.reason ?? "")))"
            }
            return PodTrouble(kind: .starting, sentence: "It is not started yet\(span)\(what ?? "").", since: since)
        }
        let unready = containers.filter { !$0.isInit && !$0.isReady }
        var what = unready.isEmpty ? "" : ": \(unready.map(\.title).joined(separator: ", "))"
        if unready.isEmpty, !closedGates.isEmpty {
            what = ": the readiness gates \(shown(closedGates.joined(separator: ", ")))"
        }
        let last = unready.first { $0.lastEnded != nil }
        let before = last.flatMap { container in container.lastEnded.map { ", last \($0.text)\(Self.often(container))" }
        }
        return PodTrouble(
            kind: .notReady, sentence: "It runs and is not ready\(span)\(what)\(before ?? "").", since: since)
    }

    /// A pod that crash-loops slowly is ready whenever one looks: its last end betrays it.
    private func restartTrouble(at now: Instant, within settled: Duration) -> PodTrouble? {
        for container in containers where container.restarts > 0 && (!container.isInit || container.isStarted) {
            guard let ending = container.lastEnded, ending.isFailure, let at = ending.at, now - at < settled else {
                continue
            }
            return PodTrouble(
                kind: .restarted,
                sentence: "Its \(container.title) ended \((now - at).rough) ago with \(ending.text)"
                    + "\(Self.often(container)); it is ready again.",
                since: at)
        }
        return nil
    }

    private static func often(_ container: Container) -> String {
        container.restarts > 0 ? ", \(container.restarts) restarts" : ""
    }
}
