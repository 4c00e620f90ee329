public import Host
import Maintenance

/// What a pod's status says of the lives of one container: the one that runs or ran last, and the one before.
public struct ContainerLife: Hashable, Sendable {
    public enum State: Hashable, Sendable {
        case running
        case terminated
        /// The reason, such as `CrashLoopBackOff` or `ContainerCreating`.
        case waiting(String)
    }

    public let name: String
    public let restarts: Int
    public let state: State
    /// When the container whose log is the current one started; `nil` where none ever did.
    public let started: Instant?
    /// When it ended; `nil` while it runs.
    public let finished: Instant?
    let id: String?
    /// The container before the last restart, where its log is another one than the current.
    let previousStarted: Instant?
    let previousFinished: Instant?
    /// True where the current log is asked for as the one of the previous container: none has come after it yet.
    let currentIsPrevious: Bool

    init(_ status: JSONValue) {
        name = status["name"]?.asText ?? ""
        restarts = max(0, status["restartCount"]?.asWhole ?? 0)
        let (state, before) = (status["state"], status["lastState"]?["terminated"])
        func instant(_ value: JSONValue?) -> Instant? { (value?.asText).flatMap { Instant($0) } }
        if let life = state?["running"] ?? state?["terminated"] {
            self.state = state?["running"] == nil ? .terminated : .running
            started = instant(life["startedAt"])
            finished = instant(life["finishedAt"])
            id = life["containerID"]?.asText ?? status["containerID"]?.asText
            previousStarted = instant(before?["startedAt"])
            previousFinished = instant(before?["finishedAt"])
            currentIsPrevious = false
        } else {
            self.state = .waiting(state?["waiting"]?["reason"]?.asText ?? "waiting")
            started = instant(before?["startedAt"])
            finished = instant(before?["finishedAt"])
            id = before?["containerID"]?.asText
            (previousStarted, previousFinished) = (nil, nil)
            currentIsPrevious = true
        }
    }

    /// True where a container of this name never ran in this pod.
    public var neverStarted: Bool {
        if case .waiting = state { started == nil } else { false }
    }

    /// Whether the log of the previous container holds lines of a period that begins then.
    func needsPrevious(since: Instant?) -> Bool {
        guard !currentIsPrevious, restarts > 0 else { return false }
        guard let since else { return true }
        if let started, started <= since { return false }
        if let previousFinished, previousFinished + .seconds(1) < since { return false }
        return true
    }

    /// Whether containers ran in the period whose logs nobody can read any more: the API gives the last two.
    func lostContainers(since: Instant?) -> Bool {
        let readable = currentIsPrevious ? 1 : 2
        guard restarts >= readable else { return false }
        guard let since else { return true }
        guard let oldest = currentIsPrevious ? started : previousStarted else {
            return needsPrevious(since: since) || currentIsPrevious
        }
        return oldest > since
    }
}

extension KubernetesObject {
    /// The lives of a pod's containers by their names: the ordinary ones, those that run beside them from the start on,
    /// and the ones that only prepare.
    public var containerLives: [String: ContainerLife] {
        var lives: [String: ContainerLife] = [:]
        for list in ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] {
            guard case .list(let statuses)? = json["status"]?[list] else { continue }
            for status in statuses {
                let life = ContainerLife(status)
                lives[life.name] = life
            }
        }
        return lives
    }

    /// The containers of a pod that serve: without those that prepare and end.
    public var servingContainers: [String] {
        var names: [String] = []
        if case .list(let containers)? = json["spec"]?["containers"] {
            names += containers.compactMap { $0["name"]?.asText }
        }
        if case .list(let containers)? = json["spec"]?["initContainers"] {
            names += containers.filter { $0["restartPolicy"] == "Always" }.compactMap { $0["name"]?.asText }
        }
        return names
    }

    /// Every container of a pod by name.
    public var allContainers: [String] {
        ["containers", "initContainers", "ephemeralContainers"].flatMap { list -> [String] in
            guard case .list(let containers)? = json["spec"]?[list] else { return [] }
            return containers.compactMap { $0["name"]?.asText }
        }
    }
}
