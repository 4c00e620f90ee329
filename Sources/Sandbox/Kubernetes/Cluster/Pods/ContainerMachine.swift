import Host

/// What a container's machine is told of the moment and the pod.
struct PodMoment: Sendable {
    var now: Duration
    var wall: Instant
    var orders: PodOrders
    var pace: PodPace
    var restartPolicy = "Always"
    /// `worker-7fb748c6dc-hm6n9_greenlang-gl008(uid)`, as the kubelet writes a pod.
    var title = ""
}

/// What a step of a pod's life does besides changing its status.
enum PodEffect: Sendable, Equatable {
    case event(isWarning: Bool, reason: String, message: String, container: String?)
    case began(container: String, restart: Int)
    case ended(container: String, restart: Int)
}

/// One container's life as its kubelet tells it. Pure: time and orders come in, effects and the next instant go out.
struct ContainerMachine: Sendable, Equatable {
    enum Stage: Sendable, Equatable {
        /// The sandbox is made and volumes are mounted: ContainerCreating.
        case creating(until: Duration)
        case pulling(until: Duration)
        /// Just refused: ErrImagePull, then ImagePullBackOff.
        case refused(until: Duration)
        case pullBackOff(until: Duration)
        /// CreateContainerConfigError: looks again from time to time.
        case configMissing(until: Duration)
        /// Goes to `exited`.
        case running(since: Duration)
        /// Ended and about to be started again at once, the first time.
        case exited(until: Duration)
        /// CrashLoopBackOff.
        case crashBackOff(until: Duration, span: Duration)
        /// Not started again.
        case finished
    }

    struct Termination: Sendable, Equatable {
        let exitCode: Int
        let reason: String
        let startedAt: Instant
        let finishedAt: Instant
    }

    let name: String
    let image: String
    /// Scripts of crashes and endings are for the pod's first container.
    let isFirst: Bool
    /// Whether it ends by itself, as a Job's does.
    let isTask: Bool
    var stage: Stage
    var startedAt: Instant?
    var restarts = 0
    var crashes = 0
    var refusals = 0
    var isReady = false
    var probed: Duration?
    var last: Termination?
    var pullMessage = ""

    /// Goes as far as the moment allows.
    mutating func advance(_ moment: PodMoment) -> [PodEffect] {
        var effects: [PodEffect] = []
        while let step = step(moment) { effects += step }
        return effects
    }

    /// When something would happen by itself.
    func wake(_ moment: PodMoment) -> Duration? {
        switch stage {
        case .creating(let until), .pulling(let until), .refused(let until), .pullBackOff(let until),
            .configMissing(let until), .exited(let until), .crashBackOff(let until, _):
            return until
        case .running(let since):
            let ready = readyAt(since, moment)
            return [ending(moment).map { since + $0.after }, isReady ? nil : ready].compactMap { $0 }.min()
        case .finished: return nil
        }
    }

    private mutating func step(_ moment: PodMoment) -> [PodEffect]? {
        switch stage {
        case .creating(let until): until <= moment.now ? create(moment) : nil
        case .configMissing(let until):
            until <= moment.now || moment.orders.configMissing == nil ? create(moment) : nil
        case .pulling(let until): until <= moment.now ? pulled(moment) : nil
        case .refused(let until): until <= moment.now ? backOffPull(moment) : nil
        case .pullBackOff(let until):
            until <= moment.now || moment.orders.pullFailure == nil ? pull(moment) : nil
        case .running(let since): run(since, moment)
        case .exited(let until): until <= moment.now ? restart(moment) : nil
        case .crashBackOff(let until, _):
            until <= moment.now || moment.orders.crash == nil ? restart(moment) : nil
        case .finished: nil
        }
    }

    private mutating func create(_ moment: PodMoment) -> [PodEffect] {
        guard let missing = moment.orders.configMissing else { return pull(moment) }
        stage = .configMissing(until: moment.now + moment.pace.backOff)
        pullMessage = missing
        return [warning("Failed", "Error: \(missing)")]
    }

    private mutating func pull(_ moment: PodMoment) -> [PodEffect] {
        stage = .pulling(until: moment.now + (moment.orders.pullTakes ?? moment.pace.pull))
        return [normal("Pulling", "Pulling image \"\(image)\"")]
    }

    private mutating func pulled(_ moment: PodMoment) -> [PodEffect] {
        guard let refusal = moment.orders.pullFailure else {
            refusals = 0
            let took = (moment.orders.pullTakes ?? moment.pace.pull).microseconds / 1000
            return [
                normal(
                    "Pulled",
                    "Successfully pulled image \"\(image)\" in \(took)ms (\(took)ms including waiting). "
                        + "Image size: \(ImageName(image).size) bytes."),
                normal("Created", "Created container: \(name)"),
            ] + start(moment)
        }
        refusals += 1
        stage = .refused(until: moment.now + .milliseconds(400))
        pullMessage = refusal.message ?? ImageName(image).notFound
        return [
            warning("Failed", "Failed to pull image \"\(image)\": \(pullMessage)"),
            warning("Failed", "Error: ErrImagePull"),
        ]
    }

    private mutating func backOffPull(_ moment: PodMoment) -> [PodEffect] {
        stage = .pullBackOff(until: moment.now + moment.pace.backOff(refusals))
        return [
            normal("BackOff", "Back-off pulling image \"\(image)\""), warning("Failed", "Error: ImagePullBackOff"),
        ]
    }

    private mutating func start(_ moment: PodMoment) -> [PodEffect] {
        stage = .running(since: moment.now)
        startedAt = moment.wall
        probed = nil
        return [normal("Started", "Started container \(name)"), .began(container: name, restart: restarts)]
    }

    private mutating func restart(_ moment: PodMoment) -> [PodEffect] {
        restarts += 1
        return [
            normal("Pulled", "Container image \"\(image)\" already present on machine"),
            normal("Created", "Created container: \(name)"),
        ] + start(moment)
    }
}

extension ContainerMachine {
    private func ending(_ moment: PodMoment) -> PodOrders.Ending? {
        if isFirst, let crash = moment.orders.crash { return crash }
        guard isFirst || isTask, !moment.orders.runsForever else { return nil }
        if let ending = moment.orders.ending { return ending }
        return isTask ? PodOrders.Ending(after: moment.pace.job, exitCode: 0, reason: "Completed") : nil
    }

    /// When the next readiness probe has an answer to give.
    private func readyAt(_ since: Duration, _ moment: PodMoment) -> Duration {
        let first = since + (isTask ? .zero : moment.orders.readyAfter ?? moment.pace.ready)
        return moment.orders.isNeverReady ? probed.map { $0 + moment.pace.probe } ?? first : first
    }

    private mutating func run(_ since: Duration, _ moment: PodMoment) -> [PodEffect]? {
        if let ending = ending(moment), since + ending.after <= moment.now { return exit(ending, moment) }
        if moment.orders.isNeverReady {
            guard isReady || readyAt(since, moment) <= moment.now else { return nil }
            isReady = false
            probed = moment.now
            return [warning("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")]
        }
        guard !isReady, readyAt(since, moment) <= moment.now else { return nil }
        isReady = true
        return []
    }

    private mutating func exit(_ ending: PodOrders.Ending, _ moment: PodMoment) -> [PodEffect] {
        if case .running(let since) = stage, moment.now - since > .seconds(600) { crashes = 0 }
        end(ending.exitCode, ending.reason, moment)
        let effects = [PodEffect.ended(container: name, restart: restarts)]
        let again =
            moment.restartPolicy == "Always" || moment.restartPolicy == "OnFailure" && ending.exitCode != 0
        guard again else {
            stage = .finished
            return effects
        }
        crashes += 1
        guard crashes > 1 else {
            stage = .exited(until: moment.now + .milliseconds(300))
            return effects
        }
        let span = moment.pace.backOff(crashes - 1)
        stage = .crashBackOff(until: moment.now + span, span: span)
        return effects + [warning("BackOff", "Back-off restarting failed container \(name) in pod \(moment.title)")]
    }

    /// Ends it, whatever it does; it is not started again by this.
    mutating func end(_ exitCode: Int, _ reason: String, _ moment: PodMoment) {
        last = Termination(
            exitCode: exitCode, reason: reason, startedAt: startedAt ?? moment.wall, finishedAt: moment.wall)
        isReady = false
        stage = .finished
    }

    var isRunning: Bool { if case .running = stage { true } else { false } }

    private func normal(_ reason: String, _ message: String) -> PodEffect {
        .event(isWarning: false, reason: reason, message: message, container: name)
    }

    private func warning(_ reason: String, _ message: String) -> PodEffect {
        .event(isWarning: true, reason: reason, message: message, container: name)
    }
}
