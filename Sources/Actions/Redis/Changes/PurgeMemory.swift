import ClientRedis
import Host
import Maintenance

/// Gives memory back to the host that the allocator holds and the data do not need; refuses where it cannot help.
struct PurgeMemory: RepairableChange {
    typealias Kind = RedisKind

    var atLeast = ByteCount(64 << 20)
    var defragment: Duration?

    static let declaration = Declaration(
        name: "redis.purge-memory",
        summary:
            "Gives free pages back to the host (MEMORY PURGE), and defragments for a bounded time where it is wanted.",
        measurements: [
            MeasurementDeclaration("resident_before", .bytes, "Memory of the process before.", aggregate: .largest),
            MeasurementDeclaration("resident_after", .bytes, "Memory of the process afterwards.", aggregate: .last),
            MeasurementDeclaration("ratio_before", .ratio, "Resident by used, before.", aggregate: .largest),
            MeasurementDeclaration("ratio_after", .ratio, "Resident by used, afterwards.", aggregate: .last),
            MeasurementDeclaration("released", .bytes, "What was won of the loss that was worked on."),
        ],
        timeout: .seconds(1800),
        applies:
            "Redis from version 5 on with jemalloc. Defragmenting needs a server that was built with the jemalloc of its "
            + "own source: Debian's is not, and says so.",
        example: """
            at-least: 256 MiB
            defragment: 10m
            """)

    static let parameters: [Parameter<PurgeMemory>] = [
        .optional(
            "at-least", \.atLeast, default: ByteCount(64 << 20), "Loss that is worth the work; less is left alone."),
        .optional(
            "defragment", \.defragment, default: nil,
            "How long active defragmentation is switched on at most, where values lie scattered; then it is as it was."),
    ]

    init() {}

    var impact: Impact { .online }

    func validate() throws(ValueError) {
        guard atLeast.bytes > 0 else { throw ValueError("at least 1 byte", path: ["at-least"]) }
        if let defragment, !(.seconds(1) ... .seconds(86_400)).contains(defragment) {
            throw ValueError("between 1s and 24h", path: ["defragment"])
        }
    }

    var rights: [Right] {
        var rights =
            Right.readInfo + [
                .redis(.look, "+memory|malloc-stats", "to say which remedy this server has"),
                .redis(.look, "+config|get", "to see whether it defragments by itself"),
                .redis(.change, "+select", "to use the database that the target names"),
                .redis(.change, "+memory|purge", "to give free pages back"),
                .redis(.change, "+info", "to see what came of it"),
            ]
        if defragment != nil {
            rights.append(.redis(.change, "+config|set", "to switch active defragmentation on and back"))
        }
        return rights
    }

    /// What was so before.
    struct Baseline: Codable, Hashable, Sendable {
        let resident: Double
        let ratio: Double
        /// The loss that the unit works on.
        let loss: Double
        /// The setting `activedefrag`, which is put back.
        let setting: String?
    }

    enum Remedy: String { case purge, defragment }

    func preview(_ access: RedisAccess, in context: Context) async throws -> Preview {
        let info = try await ServerInfo.read(access)
        let parts = try Fragmentation(info)
        let support = try await AllocatorSupport.ask(access, info)
        var units: [WorkUnit] = []
        if support.purges, parts.retained >= Double(atLeast.bytes) {
            units.append(
                WorkUnit(id: Remedy.purge.rawValue, title: "purge of free pages", expected: .seconds(5)))
        }
        if let defragment, support.defragments == true, !support.defragmentsNow,
            parts.fragmented >= Double(atLeast.bytes)
        {
            units.append(
                WorkUnit(id: Remedy.defragment.rawValue, title: "active defragmentation", expected: defragment))
        }
        var said = "\(ByteCount.text(parts.retained)) in free pages, \(ByteCount.text(parts.fragmented)) between values"
        if units.isEmpty { said += "; nothing that is worth a purge" }
        return Preview(
            summary: said, units: units,
            measurements: [
                Measurement("resident_before", parts.resident, .bytes),
                Measurement("ratio_before", try Self.ratio(info), .ratio),
            ],
            findings: refusals(parts, support, access.identity, besides: units),
            statements: units.flatMap(statements))
    }

    /// A large loss against which this step has nothing is a failure, not "nothing to do".
    private func refusals(
        _ parts: Fragmentation, _ support: AllocatorSupport, _ identity: String, besides units: [WorkUnit]
    ) -> [Finding] {
        let helped = units.map { $0.id == Remedy.purge.rawValue ? MemoryLoss.Reason.retained : .fragmented }
        return MemoryLoss.all(parts).filter { !helped.contains($0.reason) }.compactMap { loss in
            guard loss.bytes >= Double(atLeast.bytes), parts.percent(loss.bytes) >= RedisActionLimits.greatLossPercent
            else { return nil }
            let found = loss.finding(identity, parts, support)
            let isHelped = loss.reason == .fragmented && support.defragments != false && defragment == nil
            return Finding(
                identity, units.isEmpty ? .fail : .warn,
                Cause(.notSupported, "\(found.cause.sentence) A purge cannot help there."),
                advice: isHelped ? "Give `defragment: 10m`." : found.advice, attributes: found.attributes)
        }
    }

    private func statements(_ unit: WorkUnit) -> [String] {
        guard let defragment, unit.id == Remedy.defragment.rawValue else { return ["MEMORY PURGE"] }
        return [
            "CONFIG SET activedefrag yes",
            "for \(defragment.shortText) at most, then CONFIG SET activedefrag as it was",
        ]
    }

    func prepare(_ unit: WorkUnit, _ access: RedisAccess, in context: Context) async throws -> Baseline {
        let info = try await ServerInfo.read(access)
        let setting = unit.id == Remedy.defragment.rawValue ? try await Self.setting(access) : nil
        return Baseline(
            resident: try info.required("used_memory_rss"), ratio: try Self.ratio(info),
            loss: try Self.loss(unit, info), setting: setting)
    }

    static func ratio(_ info: ServerInfo) throws -> Double {
        let used = try info.required("used_memory")
        return used > 0 ? (100 * (try info.required("used_memory_rss")) / used).rounded() / 100 : 1
    }

    static func loss(_ unit: WorkUnit, _ info: ServerInfo) throws -> Double {
        let parts = try Fragmentation(info)
        return unit.id == Remedy.defragment.rawValue ? parts.fragmented : parts.retained
    }

    static func setting(_ access: RedisAccess) async throws -> String {
        let command = RedisCommand("CONFIG", "GET", "activedefrag")
        guard let setting = try await access.ask(command).value(after: "activedefrag")?.asText else {
            throw access.malformed(command)
        }
        return setting
    }
}
