/// The bounds of these actions, each with what it protects.
enum KubernetesActionLimits {
    /// Characters of a message of the cluster that a sentence carries.
    static let shownMessage = 300
    /// Lines of a failed pod's log that are shown, and their characters.
    static let logLines = 20
    static let shownLogLines = 3
    static let shownLog = 400
    /// Time beyond its grace after which a pod that is still there hangs in its termination.
    static let terminationSlack: Duration = .seconds(10)
    /// Looks, a second apart, that a controller has for seeing that its workload was changed.
    static let settlingLooks = 5
    /// Age up to which an evicted pod is told of.
    static let evictionAge: Duration = .seconds(86_400)
    /// Between two looks at work that waits for nothing but time.
    static let tick: Duration = .seconds(1)
    /// Between two looks beside the watches: one that is refused or silent must not hide what happens.
    static let freshLook: Duration = .seconds(5)
    /// Attempts at a write whose object changes under it.
    static let conflicts = 8
    /// Characters of a CronJob's name in the name of its Job: a pod's name adds to it, and 63 are all there are.
    static let jobNameStem = 36
    /// Time for which a finished Job is kept where its template does not say.
    static let jobMemory: Duration = .seconds(30 * 86_400)
    /// Lines and bytes of a Job's log that are kept, in pieces that the evidence shows whole, and the pods that are asked.
    static let keptLogLines = 1000
    static let keptLogBytes = 32 << 10
    static let keptLogPods = 3
    /// Between two looks at the end of a log that is being written.
    static let logLook: Duration = .seconds(2)
    /// Variables of a Job's container.
    static let variables = 200
    /// Workloads that a summary names.
    static let namedWorkloads = 3
    /// Workloads of one restart.
    static let workloads = 200
    /// Nodes whose kubelet is asked for its statistics at a time, and in one check.
    static let nodesAtOnce = 8
    static let nodes = 500
    /// Bytes of a kubelet's statistics.
    static let summaryBytes = 16 << 20
    /// Time that the events of a cluster are kept, with a margin: longer ago, their absence says nothing.
    static let eventMemory: Duration = .seconds(3000)
    /// Bytes of a line of a log that are judged.
    static let logLine = 64 << 10
    /// Bytes of a regular expression.
    static let patternBytes = 1000
    /// Pods whose logs are read in one check, and at a time: each read holds a line and a piece.
    static let logPods = 500
    static let logsAtOnce = 4
    /// Time after its set or its node was made within which a pod is the first of its place.
    static let firstPod: Duration = .seconds(300)
    /// Difference in age of pods that are made at once.
    static let madeAtOnce: Duration = .seconds(10)
    /// Pods that a finding names.
    static let namedPods = 5
    /// Shortest time that an hourly rate is taken over.
    static let shortestRate: Duration = .seconds(60)
}
