import ClientRedis
import Maintenance

/// Why a process takes more memory than its data need. Each cause has another remedy, which is why the one ratio that
/// everybody quotes, resident by used, is no ground to do anything.
struct Fragmentation: Hashable, Sendable {
    /// What the allocator handed out.
    let allocated: Double
    /// Free places between values, in pages that hold values too: only moving values gives them back.
    let fragmented: Double
    /// Whole free pages that the allocator keeps for later: they can be given back at once.
    let retained: Double
    /// Resident and not the allocator's: code, stacks, modules, huge pages.
    let overhead: Double
    /// The allocator's and not resident: swapped out, or never touched.
    let absent: Double
    let resident: Double

    init(_ info: ServerInfo) throws {
        let active = try info.required("allocator_active")
        let mapped = try info.required("allocator_resident")
        allocated = try info.required("allocator_allocated")
        resident = try info.required("used_memory_rss")
        fragmented = max(0, active - allocated)
        retained = max(0, mapped - active)
        overhead = max(0, resident - mapped)
        absent = max(0, mapped - resident)
    }

    /// In percent of what was handed out: 50 is what others call a ratio of 1.5.
    func percent(_ bytes: Double) -> Double { allocated > 0 ? 100 * bytes / allocated : 0 }
}

/// What this server can do about its memory, as it says itself. No look can try.
struct AllocatorSupport: Hashable, Sendable {
    /// `nil` where it does not say.
    let defragments: Bool?
    let defragmentsNow: Bool
    /// jemalloc gives its pages back when it is told to.
    let purges: Bool
    let allocator: String

    static let question = RedisCommand("MEMORY", "MALLOC-STATS")

    /// - Parameters:
    ///   - info: Names the allocator.
    ///   - statistics: The answer to `question`; `nil` where it may not be asked.
    ///   - setting: The setting `activedefrag`; `nil` where it may not be read.
    init(_ info: ServerInfo, statistics: String?, setting: String?) {
        allocator = info.text("mem_allocator") ?? "unknown"
        purges = allocator.hasPrefix("jemalloc")
        defragmentsNow = info.number("active_defrag_running").map { $0 > 0 } ?? false
        let worked = ["active_defrag_hits", "active_defrag_misses"].contains { (info.number($0) ?? 0) > 0 }
        if setting == "yes" || defragmentsNow || worked {
            defragments = true
        } else if !purges {
            defragments = false
        } else {
            defragments = statistics.flatMap(Self.isBundled)
        }
    }

    /// Only the jemalloc that comes with the server's source knows how full a page is, and only that one is built for
    /// units of 8 bytes: a distribution's own has 16.
    private static func isBundled(_ statistics: String) -> Bool? {
        let line = statistics.split(whereSeparator: \.isNewline).first { $0.hasPrefix("Quantum size:") }
        return line?.split(separator: ":").last.flatMap { Int($0.filter(\.isNumber)) }.map { $0 == 8 }
    }

    static func ask(_ access: RedisAccess, _ info: ServerInfo) async throws -> AllocatorSupport {
        let replies = try await access.send([question, RedisCommand("CONFIG", "GET", "activedefrag")])
        let setting = replies.last?.value(after: "activedefrag")?.asText
        return AllocatorSupport(info, statistics: replies.first?.asText, setting: setting)
    }
}
