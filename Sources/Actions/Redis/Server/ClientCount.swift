import ClientRedis
import Host
import Maintenance

/// How many clients are connected, against how many may be, and what they make the server hold.
struct ClientCount: Check {
    typealias Kind = RedisKind

    var buffersWarn = ByteCount(256 << 20)

    static let declaration = Declaration(
        name: "redis.clients",
        summary:
            "Counts clients against the limit, those that wait, those turned away, and the memory of their buffers.",
        measurements: [
            MeasurementDeclaration("clients", "Connected clients, replicas not counted."),
            MeasurementDeclaration("used_percent", .percent, "Share taken of `maxclients`."),
            MeasurementDeclaration("blocked", "Clients that wait in a blocking command, which workers do."),
            MeasurementDeclaration("buffers", .bytes, "Memory of the clients' buffers."),
            MeasurementDeclaration("rejected", "Connections turned away since the previous run."),
        ] + CounterLook.declarations(["rejected": "Connections turned away"]),
        thresholds: Thresholds(warn: "used_percent >= 80%", fail: "used_percent >= 95%"), timeout: .seconds(15),
        applies:
            "Redis from version 4 on, each node a target. At the limit the check itself is turned away, and says so.",
        looksByItself: true)

    static let parameters: [Parameter<ClientCount>] = [
        .optional(
            "buffers-warn", \.buffersWarn, default: ByteCount(256 << 20),
            "Memory of the clients' buffers from which on it is a warning: somebody does not read its answers.")
    ]

    var rights: [Right] { Right.readInfo }

    func observe(_ access: RedisAccess, in context: Context) async throws -> Observation {
        let info = try await ServerInfo.read(access)
        let clients = try info.required("connected_clients")
        let now = try CounterLook(
            info, at: context.host.now(), ["rejected": try info.required("rejected_connections")])
        var observation = Observation(
            summary: "\(Int(clients)) clients", measurements: [Measurement("clients", clients)] + now.measurements)
        if let limit = info.number("maxclients"), limit > 0 {
            observation.measurements.append(Measurement("used_percent", 100 * clients / limit, .percent))
            observation.summary += " of at most \(Int(limit))"
        } else {
            observation.missing["used_percent"] = Cause(
                .notSupported, "This version does not say `maxclients` in INFO; version 6 and later do.")
        }
        if let blocked = info.number("blocked_clients") {
            observation.measurements.append(Measurement("blocked", blocked))
            observation.summary += ", \(Int(blocked)) waiting"
        }
        buffers(access.identity, info, &observation)
        try await rejections(access.identity, now, context, &observation)
        return observation
    }

    private func buffers(_ subject: String, _ info: ServerInfo, _ observation: inout Observation) {
        guard let bytes = info.number("mem_clients_normal") else {
            observation.missing["buffers"] = Cause(.notSupported, "This version does not count its clients' buffers.")
            return
        }
        observation.measurements.append(Measurement("buffers", bytes, .bytes))
        guard bytes >= Double(buffersWarn.bytes) else { return }
        observation.findings.append(
            Finding(
                subject, .warn,
                Cause(
                    .threshold,
                    "The clients' buffers hold \(ByteCount.text(bytes)): somebody does not read its answers."),
                advice: "CLIENT LIST shows who (omem, qbuf); client-output-buffer-limit protects the server."))
    }

    private func rejections(
        _ subject: String, _ now: CounterLook, _ context: Context, _ observation: inout Observation
    ) async throws {
        do {
            guard let past = try await CounterLook(Array(now.values.keys), in: context) else {
                throw CouldNotLook(.noData, "How many were turned away is known from the second run on.")
            }
            let window = try CounterWindow(from: past, to: now, isPreviousRun: true)
            observation.measurements.append(Measurement("rejected", window["rejected"]))
            guard window["rejected"] > 0 else { return }
            observation.findings.append(
                Finding(
                    subject, .warn,
                    Cause(
                        .limitReached,
                        "\(Int(window["rejected"])) connections were turned away \(window.text), for maxclients was reached."
                    ),
                    advice: "Raise maxclients, or see which service opens so many."))
        } catch let error as CouldNotLook {
            observation.missing["rejected"] = error.cause
        }
    }
}
