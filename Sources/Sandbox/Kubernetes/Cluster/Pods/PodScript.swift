/// What a pod does that others do not.
public enum PodBehaviour: Sendable, Hashable {
    /// The image cannot be had; `message` is the registry's, made up where it is nil.
    case pullFails(message: String? = nil)
    /// The image takes so long to come.
    case pullTakes(Duration)
    /// The first container ends so long after each of its starts.
    case crashes(after: Duration, exitCode: Int, reason: String)
    case neverReady
    /// Takes so long from running to ready.
    case readyAfter(Duration)
    /// No node takes it.
    case unschedulable(message: String? = nil)
    /// Asked to go, it stays: its process does not end and the node does not say that it is gone.
    case hangsTerminating
    /// Ends well so long after its start, as a Job's pod does.
    case succeeds(after: Duration)
    /// Ends badly, and is not started again where its restart policy is Never.
    case fails(after: Duration, exitCode: Int)
    /// A Job's pod that runs and runs.
    case runsForever
    /// A key of a config map or secret is missing: the container cannot be made.
    case configMissing(String)

    public static func crashes(after delay: Duration) -> PodBehaviour {
        .crashes(after: delay, exitCode: 1, reason: "Error")
    }

    /// Killed for the memory it takes.
    public static func runsOutOfMemory(after delay: Duration) -> PodBehaviour {
        .crashes(after: delay, exitCode: 137, reason: "OOMKilled")
    }
}

/// Which pods a script is for.
public enum PodSelection: Sendable, Hashable {
    /// Those with a container whose image's name holds this text.
    case image(String)
    /// By name, whatever the namespace; names of pods are not given twice.
    case pod(String)
    case labels([String: String])
    case job(String)
    /// Pods of every Job that is made from the CronJob.
    case cronJob(String)

    func matches(_ pod: JSON, cronJob: String?) -> Bool {
        switch self {
        case .image(let text):
            (pod[dotted: "spec.containers"]?.array ?? []).contains { $0["image"]?.string?.contains(text) ?? false }
        case .pod(let name): pod.name == name
        case .labels(let labels): LabelSelector(labels).matches(pod.labels)
        case .job(let name): pod.labels["job-name"] == name
        case .cronJob(let name): cronJob == name
        }
    }
}

/// A script in force: what takes it away again.
public struct ScriptMark: Sendable, Hashable {
    let number: Int
}

/// What one pod is told to do by all its scripts; the last one of a sort wins.
struct PodOrders: Sendable, Equatable {
    struct Refusal: Sendable, Equatable {
        let message: String?
    }

    struct Ending: Sendable, Equatable {
        let after: Duration
        let exitCode: Int
        let reason: String
    }

    var pullFailure: Refusal?
    var pullTakes: Duration?
    var crash: Ending?
    var isNeverReady = false
    var readyAfter: Duration?
    var unschedulable: Refusal?
    var hangsTerminating = false
    var ending: Ending?
    var runsForever = false
    var configMissing: String?

    init(_ behaviours: [PodBehaviour] = []) {
        for behaviour in behaviours { follow(behaviour) }
    }

    private mutating func follow(_ behaviour: PodBehaviour) {
        switch behaviour {
        case .pullFails(let message): pullFailure = Refusal(message: message)
        case .pullTakes(let span): pullTakes = span
        case .crashes(let after, let exitCode, let reason):
            crash = Ending(after: after, exitCode: exitCode, reason: reason)
        case .neverReady: isNeverReady = true
        case .readyAfter(let span): readyAfter = span
        case .unschedulable(let message): unschedulable = Refusal(message: message)
        case .hangsTerminating: hangsTerminating = true
        case .succeeds(let after):
            (ending, runsForever) = (Ending(after: after, exitCode: 0, reason: "Completed"), false)
        case .fails(let after, let exitCode):
            (ending, runsForever) = (Ending(after: after, exitCode: exitCode, reason: "Error"), false)
        case .runsForever: (ending, runsForever) = (nil, true)
        case .configMissing(let what): configMissing = what
        }
    }
}

/// How long the things take that always happen, in the cluster's time.
public struct PodPace: Sendable {
    public var schedule = Duration.milliseconds(60)
    public var create = Duration.milliseconds(120)
    public var pull = Duration.milliseconds(250)
    /// From running to ready.
    public var ready = Duration.milliseconds(1400)
    /// From SIGTERM to the container's end.
    public var stop = Duration.milliseconds(350)
    /// How long a Job's pod works, where no script says otherwise.
    public var job = Duration.seconds(2)
    /// The shortest back-off of the kubelet; it doubles up to `longestBackOff`.
    public var backOff = Duration.seconds(10)
    public var longestBackOff = Duration.seconds(300)
    /// Between two readiness probes that fail.
    public var probe = Duration.seconds(10)

    public init() {}

    func backOff(_ attempt: Int) -> Duration { min(backOff * (1 << min(max(attempt - 1, 0), 10)), longestBackOff) }
}
