import ClientRedis
import Host
import Maintenance

/// How many lookups found their key, in a window that is named: a rate since the start of a server says nothing of now.
struct HitRate: Check {
    typealias Kind = RedisKind

    var window: Duration?
    var atLeast = 100

    static let declaration = Declaration(
        name: "redis.hit-rate",
        summary: "Measures how many lookups found their key since the previous run, or over a window.",
        measurements: [
            MeasurementDeclaration("hit_rate", .percent, "Lookups that found their key, of all in the window."),
            MeasurementDeclaration(
                "lookups", "Lookups in the window, without those of tools that look through the keys."),
            MeasurementDeclaration("inspections", "Lookups of such tools in the window."),
            MeasurementDeclaration("window", .seconds, "How long the window was."),
        ]
            + CounterLook.declarations([
                "hits": "Lookups that found their key", "misses": "Lookups that did not",
                "inspections": "Calls of TYPE, TTL, OBJECT and their like",
            ]),
        thresholds: Thresholds(warn: "hit_rate < 70%"), timeout: .seconds(120),
        applies:
            "Redis from version 4 on, each node a target. Without a previous run it looks twice, 5 s apart. A restart, a "
            + "reset of the counters, or too few lookups leave it unknown; so do tools that look through the keys "
            + "(TYPE, TTL, OBJECT), for the server counts their lookups among the others.",
        example: "{ window: 30s }", looksByItself: true)

    static let parameters: [Parameter<HitRate>] = [
        .optional(
            "window", \.window, default: nil,
            "Looks twice, this far apart, at most 1m. Without it: since the previous run of the step."),
        .optional("at-least", \.atLeast, default: 100, "Lookups below which the rate is not judged."),
    ]

    func validate() throws(ValueError) { try CounterWindow.check(window) }

    var rights: [Right] { Right.readInfo }

    func observe(_ access: RedisAccess, in context: Context) async throws -> Observation {
        let (now, window) = try await CounterWindow.look(window, in: context) {
            let info = try await ServerInfo.read(access)
            return try CounterLook(
                info, at: context.host.now(),
                [
                    "hits": try info.required("keyspace_hits"), "misses": try info.required("keyspace_misses"),
                    "inspections": info.calls(of: Self.inspections),
                ])
        }
        var observation = Observation(summary: "", measurements: now.measurements)
        do {
            let window = try window.get()
            observation.measurements.append(Measurement("window", window.seconds, .seconds))
            let rate = try Rate(window, atLeast: atLeast)
            observation.measurements += [
                Measurement("hit_rate", rate.percent, .percent), Measurement("lookups", rate.lookups),
                Measurement("inspections", window["inspections"]),
            ]
            observation.summary =
                "\(rate.percent.percentText) of \(Int(rate.lookups)) lookups found their key, \(window.text)"
        } catch let error as CouldNotLook {
            observation.missing["hit_rate"] = error.cause
            observation.summary = error.cause.sentence
        }
        return observation
    }

    /// Commands that look a key up to say something of it, and are counted as hits or misses like a read.
    private static let inspections = [
        "type", "ttl", "pttl", "expiretime", "pexpiretime", "object", "object|idletime", "object|freq",
        "object|encoding", "object|refcount",
    ]

    /// The rate without the lookups of tools. Whether those hit or missed is not known: where it would matter, nothing
    /// is said.
    struct Rate {
        let percent: Double
        let lookups: Double

        init(_ window: CounterWindow, atLeast: Int) throws {
            let (hits, misses, tools) = (window["hits"], window["misses"], window["inspections"])
            let others = hits + misses - tools
            guard others >= Double(max(1, atLeast)) else {
                throw CouldNotLook(
                    .noData,
                    "Only \(Int(max(0, others))) lookups \(window.text), fewer than \(atLeast): not enough to judge.")
            }
            let lowest = 100 * max(0, hits - tools) / others
            let highest = 100 * min(1, hits / others)
            guard highest - lowest <= RedisActionLimits.rateSpread else {
                throw CouldNotLook(
                    .noData,
                    "\(Int(tools)) of \(Int(hits + misses)) lookups \(window.text) were of tools that look through the "
                        + "keys: the rate of the others is between \(lowest.percentText) and \(highest.percentText).")
            }
            // Tools ask of keys that a scan just gave them: they hit.
            percent = lowest
            lookups = others
        }
    }
}
