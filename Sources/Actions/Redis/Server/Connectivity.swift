import ClientRedis
import Host
import Maintenance

/// Is the server there, in which role, and how fast does it answer? Its not answering is the finding.
struct Connectivity: Check {
    typealias Kind = RedisKind

    static let declaration = Declaration(
        name: "redis.connectivity",
        summary: "Signs in and asks for an answer: version, mode, primary or replica, round trip.",
        measurements: [MeasurementDeclaration("latency", .milliseconds, "The middle one of five round trips.")],
        thresholds: Thresholds(warn: "latency >= 1s"), timeout: .seconds(10),
        applies: "Redis from version 4 on and servers that speak its protocol: plain, replicas, nodes of a cluster.",
        looksByItself: true)

    static let parameters: [Parameter<Connectivity>] = []

    var rights: [Right] {
        [
            .redis(.look, "+select", "to use the database that the target names"),
            .redis(.look, "+ping", "to measure a round trip"),
        ]
    }

    func observe(_ access: RedisAccess, in context: Context) async throws -> Observation {
        do {
            let facts = try await access.server()
            _ = try await access.ask(RedisCommand("PING"))
            var trips: [Duration] = []
            for _ in 0..<5 { trips.append(try await access.roundTrip()) }
            let latency = trips.sorted()[2].inSeconds * 1000
            let mode = facts.mode?.rawValue ?? "unknown"
            let role = facts.isReplica ? "replica" : "primary"
            return Observation(
                summary: "Redis \(facts.version), \(mode), a \(role), answers in "
                    + "\((latency * 100).rounded() / 100) ms",
                measurements: [Measurement("latency", latency, .milliseconds)],
                details: [["version": .text(facts.version), "mode": .text(mode), "role": .text(role)]])
        } catch let error as CouldNotLook where Self.isUnavailability(error.cause.code) {
            return Observation(
                summary: "The server does not answer.", missing: ["latency": error.cause],
                findings: [
                    Finding(
                        access.identity, .fail, error.cause,
                        advice: "Look at the server's log and the network between; then at the target's URL.")
                ])
        }
    }

    private static func isUnavailability(_ code: Cause.Code) -> Bool {
        [.refused, .unreachable, .timedOut, .connectionLost, .signInFailed, .busy, .malformed, .tlsFailed]
            .contains(code)
    }
}
