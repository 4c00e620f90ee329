import CZlib
import Foundation
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsBackups

/// One look at a bucket, through the same definitions as a plan's.
struct Look {
    var observation: Observation?
    var cause: Cause?

    /// The findings as `severity code`, in their order; `unknown code` where nothing was seen.
    var words: [String] {
        if let cause { return ["unknown \(cause.code.rawValue)"] }
        return observation?.findings.map { "\($0.severity.rawValue) \($0.cause.code.rawValue)" } ?? []
    }

    func value(_ name: String) -> Double? { observation?.measurements.first { $0.name == name }?.value }

    init(
        _ settings: [String: String], _ parameters: [String: String] = [:], patience: Duration = .seconds(30)
    ) async throws {
        func plan(_ values: [String: String]) -> PlanValue {
            .map(values.sorted { $0.key < $1.key }.map { .init($0.key, .text($0.value)) })
        }
        let definition = try #require(BackupActions.all.first { $0.name == "backup.age" })
        guard case .check(let check) = try definition.configured(with: plan(parameters)).work else {
            throw CouldNotLook(.unexpected, "no check")
        }
        let kind = TargetKindDefinition(BackupAge.Kind.self)
        let target = OpenTarget(try kind.target(from: plan(settings)), on: .system)
        let context = Context(
            host: .system, deadline: Host.system.steady() + patience, label: WorkLabel(run: "run", step: "step"))
        do { observation = try await check.observe(StepTargets(target), context) } catch let error as CouldNotLook {
            cause = error.cause
        }
        await target.close()
    }
}

/// A bucket with backups, each of its age in hours.
struct Bucket {
    let server: ObjectStoreServer
    let name: String

    func place(_ key: String, _ bytes: [UInt8], hours: Double) throws {
        try server.place(bytes, at: "gl008/" + key, in: name, age: .milliseconds(Int64(hours * 3_600_000)))
    }

    func look(_ parameters: [String: String] = [:], port: Int? = nil, patience: Duration = .seconds(30)) async throws
        -> Look
    {
        try await Look(server.settings(bucket: name, prefix: "gl008/", port: port), parameters, patience: patience)
    }

    static func with(_ body: (Bucket) async throws -> Void) async throws {
        let server = try await ObjectStoreServer.shared()
        try await server.withBucket { try await body(Bucket(server: server, name: $0)) }
    }

    /// A week of good ones, the newest of these hours.
    func week(newest hours: Double = 3) throws {
        for day in 0..<7 {
            try place("db-\(day).sql.gz", Dump.packed(rows: 2000 + day), hours: hours + Double(day) * 24)
        }
    }
}

/// Dumps as the programs write them.
enum Dump {
    static func plain(rows: Int, isComplete: Bool = true) -> [UInt8] {
        var text = "--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\nCOPY t FROM stdin;\n"
        for row in 0..<rows { text += "\(row)\t\(row &* 2_654_435_761 % 1_000_003)\tsome text\n" }
        text += "\\.\n"
        if isComplete { text += "\n--\n-- PostgreSQL database dump complete\n--\n" }
        return Array(text.utf8)
    }

    static func packed(rows: Int, isComplete: Bool = true) -> [UInt8] {
        gzip(plain(rows: rows, isComplete: isComplete))
    }

    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        let size = CInt(MemoryLayout<z_stream>.size)
        deflateInit2_(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        defer { deflateEnd(&stream) }
        var input = bytes
        return input.withUnsafeMutableBufferPointer { source in
            [UInt8](unsafeUninitializedCapacity: source.count + 1024) { target, count in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                deflate(&stream, Z_FINISH)
                count = target.count - Int(stream.avail_out)
            }
        }
    }
}
