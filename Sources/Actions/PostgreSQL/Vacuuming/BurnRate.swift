import Host
import Maintenance

/// How fast a counter of the server is used up, by what earlier runs measured of it.
struct BurnRate {
    let count: Double
    let at: Instant
    /// Newest first.
    let past: [PastMeasurement]
    /// A counter that begins anew at this.
    var modulus: Double?

    /// A day, against the measurement nearest to a day ago. Minutes are not stretched to a day.
    var perDay: Result<Double, CouldNotLook> {
        let older = past.filter { at - $0.at >= PostgreSQLActionLimits.growthSpan }
        func distance(_ point: PastMeasurement) -> Double { abs((at - point.at).inSeconds - 86_400) }
        guard let base = older.min(by: { distance($0) < distance($1) }) else {
            return .failure(
                CouldNotLook(
                    .noData,
                    "How fast they are used up is known "
                        + (past.isEmpty ? "from the second run on." : "an hour after the first run.")))
        }
        var used = count - base.value
        if let modulus, used < -modulus / 2 { used += modulus }
        guard used >= 0 else {
            return .failure(
                CouldNotLook(.noData, "They are fewer than an earlier run measured: it is another server now."))
        }
        return .success(used * 86_400 / (at - base.at).inSeconds)
    }
}
