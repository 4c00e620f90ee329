import ClientRedis
import Host
import Maintenance

/// Spreads work over time: never more than the pace, and less while the server is slow.
struct Pace {
    private let perSecond: Double
    private let access: RedisAccess
    private let context: Context
    private var latency: LatencyGuard
    private var measuredAt: Duration
    private var startedAt: Duration
    private var done = 0.0

    static func begin(_ perSecond: Int, _ access: RedisAccess, in context: Context) async throws -> Pace {
        var idle = try await access.roundTrip()
        for _ in 0..<2 { idle = min(idle, try await access.roundTrip()) }
        let now = context.host.steady()
        return Pace(
            perSecond: Double(perSecond), access: access, context: context, latency: LatencyGuard(idle: idle),
            measuredAt: now, startedAt: now)
    }

    /// The part of some calls' time that the server needed, not the network.
    func served(_ elapsed: Duration, trips: Int) -> Duration { max(.zero, elapsed - latency.idle * trips) }

    /// Waits as long as these items take at the pace, and as long as the server needs to recover.
    mutating func after(_ items: Int, atLeast rest: Duration = .zero) async throws {
        done += Double(items)
        let now = context.host.steady()
        if now - measuredAt >= LatencyGuard.interval {
            latency.measured(try await access.roundTrip())
            measuredAt = context.host.steady()
        }
        let due = startedAt + .microseconds(Int64(done / perSecond * 1e6))
        let wait = max(due - context.host.steady(), latency.pause, rest)
        guard wait > .zero else { return }
        guard wait < context.remaining else {
            throw CouldNotLook(
                .timedOut,
                "\(access.identity) is too slow, or the pace too low, for the time that is left for this step.")
        }
        try await context.host.sleep(wait)
    }
}
