import ClientRedis
import Host
import Maintenance

/// The part that a server plays.
enum ReplicationRole: String, WordValue { case primary, replica }

/// Whether replicas follow: link, lag, number, and that nobody writes to one.
struct ReplicationState: Check {
    typealias Kind = RedisKind

    var role: ReplicationRole?
    var replicas: Int?
    var lagWarn: Duration = .seconds(10)
    var lagFail: Duration = .seconds(60)

    static let declaration = Declaration(
        name: "redis.replication",
        summary: "Looks at role, link, lag and number of replicas, from either end.",
        measurements: [
            MeasurementDeclaration("replicas", "Replicas that follow this server and are up to date or on the way."),
            MeasurementDeclaration(
                "lag", .seconds, "Time since the slowest replica, or the primary, was last heard of."),
            MeasurementDeclaration("lag_bytes", .bytes, "What the slowest replica has not confirmed."),
        ],
        timeout: .seconds(15),
        applies: "Redis from version 4 on, each node a target: on a primary its replicas, on a replica its link.",
        example: "{ role: primary, replicas: 2 }", looksByItself: true)

    static let parameters: [Parameter<ReplicationState>] = [
        .optional("role", \.role, default: nil, "What it must be: `primary` or `replica`; anything else is a failure."),
        .optional("replicas", \.replicas, default: nil, "How many replicas must follow; fewer is a failure."),
        .optional("lag-warn", \.lagWarn, default: .seconds(10), "Lag from which on it is a warning."),
        .optional("lag-fail", \.lagFail, default: .seconds(60), "Lag from which on it is a failure."),
    ]

    func validate() throws(ValueError) {
        guard lagWarn <= lagFail else { throw ValueError("the warning comes before the failure", path: ["lag-warn"]) }
        if let replicas, replicas < 0 { throw ValueError("none or more", path: ["replicas"]) }
    }

    var rights: [Right] { Right.readInfo }

    func observe(_ access: RedisAccess, in context: Context) async throws -> Observation {
        let info = try await ServerInfo.read(access)
        let now = try info.requiredText("role")
        var observation = Observation(summary: "")
        if let role, (now == "slave") != (role == .replica) {
            observation.findings.append(
                Finding(
                    access.identity, .fail,
                    Cause(
                        .threshold, "It is a \(now == "slave" ? "replica" : "primary"), and must be a \(role.rawValue)."
                    ),
                    advice: "See whether there was a failover, and who is the primary now."))
        }
        let followers = Follower.all(info)
        observation.measurements.append(Measurement("replicas", followers.count))
        if now == "slave" {
            try link(access.identity, info, &observation)
        } else {
            follow(access.identity, info, followers, &observation)
        }
        if let replicas, followers.filter(\.isOnline).count < replicas {
            observation.findings.append(
                Finding(
                    access.identity, .fail,
                    Cause(
                        .threshold, "\(followers.filter(\.isOnline).count) replicas follow, and \(replicas) must."),
                    advice: "Look at the replicas that are missing: their log, and the way to this server."))
        }
        return observation
    }

    private func severity(_ seconds: Double) -> Verdict? {
        seconds >= lagFail.inSeconds ? .fail : seconds >= lagWarn.inSeconds ? .warn : nil
    }

    private func follow(
        _ subject: String, _ info: ServerInfo, _ followers: [Follower], _ observation: inout Observation
    ) {
        observation.summary = "a primary with \(followers.count) replicas"
        let offset = info.number("master_repl_offset") ?? 0
        let backlog = info.number("repl_backlog_size") ?? .infinity
        let behind = followers.map { max(0, offset - $0.offset) }
        if let slowest = followers.compactMap(\.lag).max() {
            observation.measurements.append(Measurement("lag", slowest, .seconds))
            observation.measurements.append(Measurement("lag_bytes", behind.max() ?? 0, .bytes))
        } else {
            let cause = Cause(.noData, followers.isEmpty ? "It has no replica." : "No replica has answered yet.")
            observation.missing["lag"] = cause
            observation.missing["lag_bytes"] = cause
        }
        for (follower, bytes) in zip(followers, behind).prefix(RedisActionLimits.listed) {
            observation.details.append(follower.details(bytes))
            let name = "\(subject), replica \(follower.address)"
            if !follower.isOnline {
                observation.findings.append(
                    Finding(
                        name, .warn, Cause(.busy, "The replica is being copied to and does not follow yet."),
                        advice: "If it stays so: client-output-buffer-limit and repl-timeout may be too small."))
            } else if let lag = follower.lag, let severity = severity(lag) {
                observation.findings.append(
                    Finding(
                        name, severity,
                        Cause(
                            .threshold,
                            "The replica was last heard of \(Int(lag)) s ago, \(ByteCount.text(bytes)) behind."),
                        advice: "Look at the replica and the network to it."))
            } else if bytes > backlog {
                observation.findings.append(
                    Finding(
                        name, .warn,
                        Cause(
                            .threshold,
                            "The replica is \(ByteCount.text(bytes)) behind, more than the backlog of \(ByteCount.text(backlog))."
                        ),
                        advice: "A break now would copy everything: raise repl-backlog-size."))
            }
        }
    }

    private func link(_ subject: String, _ info: ServerInfo, _ observation: inout Observation) throws {
        let isUp = try info.requiredText("master_link_status") == "up"
        let isSynchronizing = info.number("master_sync_in_progress") == 1
        observation.missing["lag_bytes"] = Cause(
            .noData, "A replica does not know how far it is behind: ask its primary.")
        let heard = info.number("master_last_io_seconds_ago").flatMap { $0 >= 0 ? $0 : nil }
        let down = info.number("master_link_down_since_seconds").flatMap { $0 >= 0 ? $0 : nil }
        if let seconds = isUp ? heard : down {
            observation.measurements.append(Measurement("lag", seconds, .seconds))
        } else {
            observation.missing["lag"] = Cause(.noData, "It has never been linked to its primary.")
        }
        observation.summary = "a replica, its link \(isUp ? "up" : "down")"
        if isSynchronizing {
            observation.findings.append(
                Finding(
                    subject, .warn, Cause(.busy, "It is being copied to by its primary and does not follow yet."),
                    advice: "Look again when the copy is done."))
        } else if !isUp {
            let since = down.map { " since \(Int($0)) s" } ?? ""
            observation.findings.append(
                Finding(
                    subject, .fail,
                    Cause(.connectionLost, "The link to its primary is down\(since): its data are old."),
                    advice: "Look at the primary, the network to it, and masterauth."))
        } else if let heard, let severity = severity(heard) {
            observation.findings.append(
                Finding(
                    subject, severity, Cause(.threshold, "The primary was last heard of \(Int(heard)) s ago."),
                    advice: "Look at the primary and the network to it."))
        }
        if info.number("slave_read_only") == 0 {
            observation.findings.append(
                Finding(
                    subject, .warn, Cause(.threshold, "The replica accepts writes, which are lost at the next copy."),
                    advice: "CONFIG SET replica-read-only yes."))
        }
    }
}

/// A replica as its primary sees it.
struct Follower: Hashable, Sendable {
    let address: String
    let isOnline: Bool
    let offset: Double
    /// `nil` before its first answer.
    let lag: Double?

    static func all(_ info: ServerInfo) -> [Follower] {
        info.numbered("slave").map { _, parts in
            Follower(
                address: "\(parts["ip"] ?? "?"):\(parts["port"] ?? "?")", isOnline: parts["state"] == "online",
                offset: parts["offset"].flatMap { Double($0) } ?? 0,
                lag: parts["lag"].flatMap { Double($0) }.flatMap { $0 >= 0 ? $0 : nil })
        }
    }

    func details(_ behind: Double) -> [String: JSONValue] {
        [
            "replica": .text(address), "online": .bool(isOnline), "lag": lag.map { .number($0) } ?? .null,
            "behind_bytes": .number(behind),
        ]
    }
}
