public import ClientPostgreSQL
import Host
public import Maintenance

/// How far the standbys are behind, what the slots keep for them, and whether one is lost.
public struct Replication: Check {
    public typealias Kind = PostgreSQLKind

    var standbys: Int?

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.replication",
        summary: "Looks how far standbys are behind, what replication slots keep, and whether a standby is lost.",
        measurements: [
            MeasurementDeclaration("standbys", "Standbys that are connected here."),
            MeasurementDeclaration(
                "lag", .seconds,
                "The largest time from being written here to being replayed there; 0 without a standby."),
            MeasurementDeclaration("behind", .bytes, "The most log that a standby has not replayed yet."),
            MeasurementDeclaration(
                "silent", .seconds, "The longest time since a standby, or the primary, was heard of."),
            MeasurementDeclaration("slot_kept", .bytes, "The most log that a slot keeps on this server's disk."),
            MeasurementDeclaration("unused_slots", "Slots that keep log for nobody who is connected."),
        ],
        thresholds: Thresholds(
            warn: "lag >= 30s or behind >= 256MiB or silent >= 60s or slot_kept >= 1GiB or unused_slots >= 1",
            fail: "lag >= 5min or behind >= 1GiB"),
        timeout: .seconds(15),
        applies:
            "Every PostgreSQL from 13 on; tested with 15. On a primary its standbys and slots, on a standby its own "
            + "side too. A standby that reads from an archive alone is seen on itself only. Not Aurora, whose "
            + "replicas share their storage.",
        example: "{ standbys: 2 }", looksByItself: true)

    public static let parameters: [Parameter<Replication>] = [
        .optional(
            "standbys", \.standbys, default: nil,
            "How many standbys there must be at least. A lost one leaves no trace but the number: without this, the "
                + "most of any earlier run in the last seven days is expected.")
    ]

    public func validate() throws(ValueError) {
        guard standbys ?? 0 >= 0 else { throw ValueError("not below 0", path: ["standbys"]) }
    }

    public var rights: [Right] { [.connect(.look), .readStatistics("to see how far standbys are")] }

    public func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        guard try await access.server().flavour != .aurora else {
            throw CouldNotLook(
                .notSupported, "\(access.identity) is Aurora, whose replicas share its storage and are not seen here.")
        }
        var look = try await ReplicationLook.take(access)
        // Just when an idle system writes again its standby is behind, and has not said yet for how long.
        for _ in 0..<3 where look.standbys.contains(where: \.isUnsettled) {
            try await context.host.sleep(PostgreSQLActionLimits.replicationPause)
            look = try await ReplicationLook.take(access)
        }
        var observation = Observation(
            summary: "", measurements: [Measurement("standbys", look.replaying.count)],
            details: look.standbys.map(\.detail) + look.slots.map(\.detail) + look.own.details)
        measure(look, &observation)
        look.own.judge(access.identity, &observation)
        judge(slots: look.slots, &observation)
        try await expect(look.replaying.count, access.identity, context, &observation)
        observation.summary = Self.summary(look, observation)
        return observation
    }

    private func measure(_ look: ReplicationLook, _ observation: inout Observation) {
        let hidden = Cause(
            .noPermission,
            "How far a standby is, is not shown to the looking role: it lacks pg_read_all_stats.")
        let unsaid = look.own.lagMissing ?? Cause(.noData, "A standby that is behind has not said since when.")
        let isHidden = look.standbys.contains(where: \.isHidden) || look.own.isHidden
        let cause = isHidden ? hidden : unsaid
        func largest(_ name: String, _ unit: UnitOfMeasure, _ values: [Double?], _ own: Double?) {
            let all = values + (look.own.isStandby ? [own] : [])
            if all.contains(where: { $0 == nil }) {
                observation.missing[name] = cause
            } else {
                observation.measurements.append(Measurement(name, all.compactMap { $0 }.max() ?? 0, unit))
            }
        }
        largest("lag", .seconds, look.standbys.map(\.lag), look.own.lag)
        largest("behind", .bytes, look.standbys.map(\.behind), look.own.behind)
        largest("silent", .seconds, look.standbys.map(\.silent), look.own.silent)
        if let cause = look.own.lagMissing { observation.missing["lag"] = cause }
        observation.measurements.removeAll { observation.missing[$0.name] != nil }
        observation.measurements += [
            Measurement("slot_kept", look.slots.map(\.kept).max() ?? 0, .bytes),
            Measurement("unused_slots", look.slots.count { $0.isUnused }),
        ]
    }

    private func judge(slots: [SeenSlot], _ observation: inout Observation) {
        for slot in slots {
            if let cause = slot.lost {
                observation.findings.append(
                    Finding(
                        "slot \(slot.name)", .fail, cause,
                        advice: "Build its standby anew, or drop the slot: what it was for cannot go on from here."))
            } else if slot.isUnused {
                observation.findings.append(
                    Finding(
                        "slot \(slot.name)", .warn,
                        Cause(.threshold, "Nobody uses it, and it keeps \(ByteCount.text(slot.kept)) of log."),
                        advice: "Bring its standby back, or drop the slot: it fills the disk."))
            }
        }
    }

    private func expect(
        _ count: Int, _ identity: String, _ context: Context, _ observation: inout Observation
    ) async throws {
        var expected = standbys
        if expected == nil {
            let since = context.host.now() - PostgreSQLActionLimits.standbysRemembered
            expected = try await context.history("standbys").filter { $0.at >= since }.map { Int($0.value) }.max()
        }
        guard let expected, count < expected else { return }
        let whence = standbys == nil ? "an earlier run saw \(expected)" : "\(expected) are expected"
        observation.findings.append(
            Finding(
                identity, .fail, Cause(.notFound, "\(count) standbys are connected, and \(whence)."),
                advice: "Look at the standby that is missing; where fewer are meant, give the step `standbys`."))
    }

    private static func summary(_ look: ReplicationLook, _ observation: Observation) -> String {
        let count = look.replaying.count
        var parts = [count == 0 ? "no standby is connected" : count == 1 ? "1 standby" : "\(count) standbys"]
        if look.own.isStandby { parts.insert("a standby", at: 0) }
        for measurement in observation.measurements where count > 0 || look.own.isStandby {
            switch measurement.name {
            case "lag": parts.append("\(((measurement.value * 10).rounded() / 10).written) s behind")
            case "behind": parts.append(ByteCount.text(measurement.value))
            default: break
            }
        }
        if !look.slots.isEmpty { parts.append("\(look.slots.count) slots") }
        return parts.joined(separator: ", ")
    }
}
