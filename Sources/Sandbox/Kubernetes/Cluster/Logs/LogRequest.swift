public import Host

/// What a reader of a container's log asks for: the parameters of `GET …/pods/POD/log`.
public struct LogRequest: Sendable {
    public var namespace: String
    public var pod: String
    /// May be left out where the pod has one container.
    public var container: String?
    /// The log of the container's last instance, the one before this.
    public var previous = false
    public var timestamps = false
    public var since: Instant?
    public var tailLines: Int?
    public var limitBytes: Int?
    public var follow = false

    public init(namespace: String, pod: String, container: String? = nil) {
        self.namespace = namespace
        self.pod = pod
        self.container = container
    }
}
