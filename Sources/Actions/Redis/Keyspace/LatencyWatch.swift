import ClientRedis
import Host
import Maintenance
import Synchronization

/// Measures what anybody else waits while we work, on a connection of its own, and says how fast the work may go: never
/// more than its pace, and less while 99 of 100 answers do not come within twice the time they take without us.
///
/// What they take without us changes with what others do. So the work rests now and then while that is measured anew:
/// every half minute, and when slowing down thrice did not help.
final class LatencyWatch: Sendable {
    private struct State {
        var rate: Double
        var reaction: LatencyGuard
        /// In seconds: 99 of 100 answers, while we rest.
        var idle: Double
        /// In seconds: the middle answer of those, which is the way there and back.
        var trip: Double
        var idles = LatencyCounts()
        /// What was measured since the last decision.
        var recent: [Double] = []
        var slowed = 0
        var decisions = 0
        /// What was measured in a rest; `nil` while the work goes on.
        var resting: [Double]?
        var all = LatencyCounts()
    }

    private let pace: Double
    private let access: RedisAccess
    private let context: Context
    private let state: Mutex<State>

    /// Leaves the server alone for half a second and measures it.
    static func begin(_ pace: Double, _ access: RedisAccess, in context: Context) async throws -> LatencyWatch {
        var trips: [Double] = []
        let end = context.host.steady() + min(RedisActionLimits.idleTime, context.remaining / 10)
        while trips.count < RedisActionLimits.idleTrips, trips.isEmpty || context.host.steady() < end {
            trips.append(try await insisting(in: context) { try await access.roundTrip().inSeconds })
            try await context.host.sleep(.milliseconds(1))
        }
        return LatencyWatch(pace, trips, access, context)
    }

    init(_ pace: Double, _ trips: [Double], _ access: RedisAccess, _ context: Context) {
        self.pace = pace
        self.access = access
        self.context = context
        let idle = Self.p99(trips)
        var state = State(rate: pace, reaction: Self.reaction(idle), idle: idle, trip: Self.rank(trips, 0.5))
        for trip in trips { state.idles.add(trip) }
        self.state = Mutex(state)
    }

    private static func reaction(_ idle: Double) -> LatencyGuard {
        LatencyGuard(idle: .microseconds(Int64(idle * 1e6)))
    }

    /// How fast the work may go now, in keys a second, and how long it must wait first.
    var allowed: (rate: Double, pause: Duration) {
        state.withLock { ($0.rate, $0.resting == nil ? $0.reaction.pause : RedisActionLimits.restStep) }
    }

    /// In seconds: 99 of 100 answers without us, by the newest measurement.
    var idle: Double { state.withLock { $0.idle } }

    /// What is on its way at any time, at the pace of now.
    var keysUnderWay: Double { state.withLock { $0.rate * $0.trip } }

    /// Of all that was measured while we rested, and beside the work, in seconds.
    var p99: (idle: Double, beside: Double)? {
        state.withLock { state in
            guard let idle = state.idles.p99, let beside = state.all.p99 else { return nil }
            return (idle, beside)
        }
    }

    /// Measures until it is cancelled.
    func run() async throws {
        while true {
            // What goes wrong here goes wrong with the work too, which says so.
            if let trip = try? await access.roundTrip() { measured(trip) }
            try await context.host.sleep(RedisActionLimits.tripPause)
        }
    }

    func measured(_ trip: Duration) {
        state.withLock { state in
            if let resting = state.resting {
                Self.rested(resting + [trip.inSeconds], &state)
                return
            }
            state.reaction.measured(trip)
            state.all.add(trip.inSeconds)
            state.recent.append(trip.inSeconds)
            guard state.recent.count >= RedisActionLimits.decidingTrips else { return }
            let now = Self.p99(state.recent)
            state.recent.removeAll(keepingCapacity: true)
            state.decisions += 1
            if now > 2 * state.idle {
                state.rate = max(Double(RedisActionLimits.slowestSurvey), state.rate * 0.7)
                state.slowed += 1
            } else {
                state.slowed = 0
                if now < 1.6 * state.idle { state.rate = min(pace, state.rate * 1.2) }
            }
            if state.slowed == 3 || state.decisions == RedisActionLimits.decisionsToRest { state.resting = [] }
        }
    }

    private static func rested(_ trips: [Double], _ state: inout State) {
        state.resting = trips
        guard trips.count >= RedisActionLimits.restTrips else { return }
        state.resting = nil
        state.slowed = 0
        state.decisions = 0
        // The first ones may have met the last of our commands.
        let counted = trips.dropFirst(RedisActionLimits.restTrips / 10)
        for trip in counted { state.idles.add(trip) }
        state.idle = p99(Array(counted))
        state.trip = rank(Array(counted), 0.5)
        state.reaction = reaction(state.idle)
    }

    static func p99(_ trips: [Double]) -> Double { rank(trips, 0.99) }

    private static func rank(_ trips: [Double], _ share: Double) -> Double {
        guard !trips.isEmpty else { return 0 }
        return trips.sorted()[min(trips.count - 1, Int(Double(trips.count) * share))]
    }
}

/// How often which time was measured, to 5 %.
struct LatencyCounts: Sendable {
    private var counts = Array(repeating: 0, count: 400)
    private var total = 0

    /// From a microsecond on, each step 5 % more.
    private static let steps: [Double] = (0..<400).reduce(into: []) { steps, _ in
        steps.append((steps.last ?? 0.95e-6) * 1.05)
    }

    mutating func add(_ seconds: Double) {
        var (low, high) = (0, Self.steps.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if Self.steps[middle] < seconds { low = middle + 1 } else { high = middle }
        }
        counts[low] += 1
        total += 1
    }

    var p99: Double? {
        guard total > 0 else { return nil }
        var left = total - total * 99 / 100
        for index in counts.indices.reversed() {
            left -= counts[index]
            if left <= 0 { return Self.steps[index] }
        }
        return Self.steps[0]
    }
}
