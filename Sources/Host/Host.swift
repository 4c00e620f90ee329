/// What code may ask of the machine it runs on. It is passed in, never reached for: a test or a simulation hands over
/// another one, and the code under it cannot tell.
public struct Host: Sendable {
    /// The wall clock, in UTC. It may jump.
    public var now: @Sendable () -> Instant
    /// The steady clock: never jumps, its start means nothing.
    public var steady: @Sendable () -> Duration
    /// Waits by the steady clock; throws `CancellationError` when the task is cancelled.
    public var sleep: @Sendable (Duration) async throws -> Void
    /// Uniform random bits.
    public var random: @Sendable () -> UInt64
    /// A variable of the environment.
    public var environment: @Sendable (String) -> String?
    /// The bytes of a file, at most `limit` of them: a longer file throws.
    public var readFile: @Sendable (_ path: String, _ limit: Int) throws -> [UInt8]

    public init(
        now: @escaping @Sendable () -> Instant,
        steady: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable () -> UInt64,
        environment: @escaping @Sendable (String) -> String?,
        readFile: @escaping @Sendable (String, Int) throws -> [UInt8]
    ) {
        self.now = now
        self.steady = steady
        self.sleep = sleep
        self.random = random
        self.environment = environment
        self.readFile = readFile
    }
}
