public import Host

/// The cluster's time: handed in, so that a test can let a day of the cluster pass in a second.
public struct KubernetesClock: Sendable {
    public var now: @Sendable () -> Instant
    /// Waits so long by the cluster's time; throws when the task is cancelled.
    public var sleep: @Sendable (Duration) async throws -> Void

    public init(
        now: @escaping @Sendable () -> Instant, sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    public static let system = faster(1)

    /// From now on, time passes so many times faster.
    public static func faster(_ factor: Double) -> KubernetesClock {
        let host = Host.system
        let start = host.now()
        let begun = host.steady()
        return KubernetesClock(
            now: { start + (host.steady() - begun) * factor },
            sleep: { try await host.sleep($0 / factor) })
    }

    /// As the API writes times: whole seconds.
    public func timestamp() -> JSON { .string(now().timestamp) }
}

extension Instant {
    /// RFC 3339 in whole seconds, as metav1.Time is written.
    public var timestamp: String { Instant(secondsSinceEpoch: secondsSinceEpoch).description }

    /// RFC 3339 with six digits of the second, as metav1.MicroTime is written.
    public var microTimestamp: String {
        let fraction = microsecondsSinceEpoch - secondsSinceEpoch * 1_000_000
        let digits = String(fraction)
        return timestamp.dropLast() + "." + String(repeating: "0", count: 6 - digits.count) + digits + "Z"
    }
}
