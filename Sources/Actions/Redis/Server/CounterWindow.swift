import ClientRedis
import Host
import Maintenance

/// Counters of a server at one moment. They only grow, as long as it runs and nobody resets them.
struct CounterLook: Sendable {
    let values: [String: Double]
    /// Seconds since 1970, by the server's own clock, however that was set meanwhile.
    let started: Double
    let uptime: Double
    /// The server's own name for this process; `nil` of a look in an earlier run.
    let process: String?

    init(_ info: ServerInfo, at now: Instant, _ values: [String: Double]) throws {
        var values = values
        // Resets with the others and grows with everything, so that a reset shows.
        values["commands"] = try info.required("total_commands_processed")
        self.values = values
        uptime = try info.required("uptime_in_seconds")
        let clock = info.number("server_time_usec").map { $0 / 1e6 } ?? Double(now.microsecondsSinceEpoch) / 1e6
        started = clock - uptime
        process = info.text("run_id")
    }

    /// What an earlier run of the same step measured.
    init?(_ names: [String], in context: Context) async throws {
        var found: [String: PastMeasurement] = [:]
        for name in names.map({ $0 + "_total" }) + ["started", "uptime"] {
            guard let newest = try await context.history(name).first else { return nil }
            found[name] = newest
        }
        // Of one run, not of several.
        guard Set(found.values.map(\.at)).count == 1, let started = found["started"], let uptime = found["uptime"]
        else { return nil }
        values = Dictionary(uniqueKeysWithValues: names.map { ($0, found[$0 + "_total"]?.value ?? 0) })
        self.started = started.value
        self.uptime = uptime.value
        process = nil
    }

    var measurements: [Measurement] {
        values.sorted { $0.key < $1.key }.map { Measurement($0.key + "_total", $0.value) } + [
            Measurement("started", started, .timestamp), Measurement("uptime", uptime, .seconds),
        ]
    }

    static func declarations(_ names: [String: String]) -> [MeasurementDeclaration] {
        (names.merging(["commands": "Commands"]) { $1 }).sorted { $0.key < $1.key }.map {
            MeasurementDeclaration($0.key + "_total", "\($0.value) since the counters began.", aggregate: .last)
        } + [
            MeasurementDeclaration("started", .timestamp, "When the server was started.", aggregate: .last),
            MeasurementDeclaration("uptime", .seconds, "How long it has run.", aggregate: .last),
        ]
    }
}

/// By how much counters grew between two looks at one process.
struct CounterWindow: Sendable {
    let growth: [String: Double]
    let seconds: Double
    /// "since the previous run, 1h ago" or "over 5s".
    let text: String

    subscript(_ name: String) -> Double { growth[name] ?? 0 }

    init(from old: CounterLook, to new: CounterLook, isPreviousRun: Bool) throws {
        let isOther: Bool
        if let before = old.process, let now = new.process {
            isOther = before != now
        } else {
            isOther = abs(new.started - old.started) > 5 || new.uptime < old.uptime
        }
        let again = isPreviousRun ? "the next run can tell, or a `window`" : "look again"
        guard !isOther else {
            throw CouldNotLook(.noData, "The server was started anew since the look before: \(again).")
        }
        var growth: [String: Double] = [:]
        for (name, value) in new.values {
            guard let before = old.values[name], value >= before else {
                throw CouldNotLook(
                    .noData, "The counters were reset (CONFIG RESETSTAT) since the look before: \(again).")
            }
            growth[name] = value - before
        }
        self.growth = growth
        seconds = (new.started + new.uptime) - (old.started + old.uptime)
        let span = Duration.seconds(Int64(max(0, seconds.rounded()))).shortText
        text = isPreviousRun ? "since the previous run, \(span) ago" : "over \(span)"
    }

    static func check(_ window: Duration?) throws(ValueError) {
        guard let window, !(.seconds(1)...RedisActionLimits.longestWindow).contains(window) else { return }
        throw ValueError("between 1s and 1m; without it, it is since the previous run", path: ["window"])
    }

    /// Since the previous run; over a window of its own where one is given, or nothing is known of a previous run.
    static func look(
        _ window: Duration?, in context: Context, _ look: () async throws -> CounterLook
    ) async throws -> (now: CounterLook, Result<CounterWindow, CouldNotLook>) {
        let first = try await look()
        let names = Array(first.values.keys)
        if window == nil, let past = try await CounterLook(names, in: context) {
            return (first, compare(past, first, isPreviousRun: true))
        }
        try await context.host.sleep(window ?? RedisActionLimits.shortWindow)
        let second = try await look()
        return (second, compare(first, second, isPreviousRun: false))
    }

    private static func compare(
        _ old: CounterLook, _ new: CounterLook, isPreviousRun: Bool
    ) -> Result<CounterWindow, CouldNotLook> {
        do { return .success(try CounterWindow(from: old, to: new, isPreviousRun: isPreviousRun)) } catch {
            return .failure(error as? CouldNotLook ?? CouldNotLook(Cause(error)))
        }
    }
}
