import ClientRedis
import Host
import Maintenance

/// Keys that left before their time, and writes that were refused for want of memory.
struct Evictions: Check {
    typealias Kind = RedisKind

    var window: Duration?

    static let declaration = Declaration(
        name: "redis.evictions",
        summary: "Counts keys evicted and expired, and writes refused for want of memory, since the previous run.",
        measurements: [
            MeasurementDeclaration("evicted", "Keys that were evicted in the window to make room."),
            MeasurementDeclaration("evicted_per_minute", "The same, a minute."),
            MeasurementDeclaration(
                "evicted_percent", .percent, "Evicted keys, of all that were evicted or expired in the window."),
            MeasurementDeclaration("expired", "Keys that expired in the window."),
            MeasurementDeclaration("refused", "Writes that were refused in the window, for maxmemory was reached."),
            MeasurementDeclaration("window", .seconds, "How long the window was."),
        ]
            + CounterLook.declarations([
                "evicted": "Keys evicted", "expired": "Keys expired", "refused": "Writes refused",
            ]),
        thresholds: Thresholds(fail: "refused > 0"), timeout: .seconds(120),
        applies:
            "Redis from version 6.2 on (earlier ones do not count refused writes), each node a target. A cache that "
            + "evicts is well: only a plan knows how much is too much, such as `warn: evicted_per_minute > 1000`.",
        example: "{ window: 30s }", looksByItself: true)

    static let parameters: [Parameter<Evictions>] = [
        .optional(
            "window", \.window, default: nil,
            "Looks twice, this far apart, at most 1m. Without it: since the previous run of the step.")
    ]

    func validate() throws(ValueError) { try CounterWindow.check(window) }

    var rights: [Right] { Right.readInfo }

    func observe(_ access: RedisAccess, in context: Context) async throws -> Observation {
        var refusalsAreCounted = true
        let (now, window) = try await CounterWindow.look(window, in: context) {
            let info = try await ServerInfo.read(access)
            refusalsAreCounted = info.number("total_error_replies") != nil
            return try CounterLook(
                info, at: context.host.now(),
                [
                    "evicted": try info.required("evicted_keys"), "expired": try info.required("expired_keys"),
                    "refused": info.parts("errorstat_OOM")?["count"].flatMap { Double($0) } ?? 0,
                ])
        }
        var observation = Observation(summary: "", measurements: now.measurements)
        do {
            let window = try window.get()
            Self.measure(window, &observation)
        } catch {
            for name in ["evicted", "expired", "refused"] { observation.missing[name] = error.cause }
            observation.summary = error.cause.sentence
        }
        if !refusalsAreCounted {
            observation.measurements.removeAll { $0.name.hasPrefix("refused") }
            observation.missing["refused"] = Cause(
                .notSupported, "This version does not count refused writes; version 6.2 and later do.")
        }
        return observation
    }

    private static func measure(_ window: CounterWindow, _ observation: inout Observation) {
        let (evicted, expired, refused) = (window["evicted"], window["expired"], window["refused"])
        observation.measurements += [
            Measurement("evicted", evicted), Measurement("expired", expired), Measurement("refused", refused),
            Measurement("window", window.seconds, .seconds),
        ]
        if window.seconds > 0 {
            observation.measurements.append(Measurement("evicted_per_minute", 60 * evicted / window.seconds))
        }
        if evicted + expired > 0 {
            observation.measurements.append(
                Measurement("evicted_percent", 100 * evicted / (evicted + expired), .percent))
        } else {
            observation.missing["evicted_percent"] = Cause(.noData, "No key was evicted or expired \(window.text).")
        }
        let refusals = refused > 0 ? ", \(Int(refused)) writes refused" : ""
        observation.summary = "\(Int(evicted)) keys evicted, \(Int(expired)) expired\(refusals), \(window.text)"
    }
}
