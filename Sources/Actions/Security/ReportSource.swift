import ClientHTTP
import ClientObjectStore
import ClientPrograms
import Host
import Maintenance

/// Where reports of other programs lie: on this machine, in a bucket, or at an HTTP endpoint.
enum ReportSource: TargetRequirement {
    static let roles = [TargetRole(kinds: [HostKind.name, S3Kind.name, HTTPKind.name])]

    enum Access: Sendable {
        case host(HostAccess)
        case store(ObjectStoreAccess)
        case endpoint(HTTPAccess)
    }

    static func access(to targets: StepTargets, for purpose: Purpose, in context: Context) async throws -> Access {
        switch targets.kind() {
        case S3Kind.name?: .store(try await targets.access(S3Kind.self, for: purpose, in: context))
        case HTTPKind.name?: .endpoint(try await targets.access(HTTPKind.self, for: purpose, in: context))
        default: .host(try await targets.access(HostKind.self, for: purpose, in: context))
        }
    }
}

/// A report as it was read.
struct ReportFile: Sendable {
    let bytes: [UInt8]
    /// When it was written, as its place says; `nil` where it does not.
    let modified: Instant?
}

extension ReportSource.Access {
    /// - Parameter place: a path, a key under the target's prefix, or a path under the base URL.
    func read(_ place: String) async throws -> ReportFile {
        switch self {
        case .host(let host):
            let file = try await host.file(place, limit: SecurityLimits.report)
            return ReportFile(bytes: file.bytes, modified: file.modified)
        case .store(let store):
            let key = store.key(place)
            let head = try await store.head(key)
            let object = try await store.get(key, etag: head.object.etag, limit: SecurityLimits.report)
            return ReportFile(bytes: object.bytes, modified: head.object.modified)
        case .endpoint(let endpoint):
            let answer = try await endpoint.get(place, limit: SecurityLimits.report)
            guard answer.status == 200 else {
                throw CouldNotLook(
                    answer.status == 404 ? .notFound : .unexpected,
                    "\(place) answered \(answer.status), where a report is expected.")
            }
            return ReportFile(
                bytes: answer.body, modified: answer.header("last-modified").flatMap { HTTPDate.instant($0) })
        }
    }
}

extension ReportFile {
    /// The report as a document; what nobody judges is passed over.
    func document(only keys: Set<String>? = nil) throws(CouldNotLook) -> JSONValue {
        guard !bytes.isEmpty else { throw CouldNotLook(.noData, "The report is empty: its program did not end well.") }
        do {
            return try JSONReader.read(bytes, keys.map { .only($0) } ?? .all, values: SecurityLimits.values)
        } catch {
            throw CouldNotLook(
                error.isTooLarge ? .tooLarge : .malformed, "The report is no JSON document: \(error.sentence).")
        }
    }

    /// Throws where a report is too old, or does not say how old it is.
    static func check(_ written: Instant?, within: Duration, now: Instant) throws(CouldNotLook) -> Duration {
        guard let written else {
            throw CouldNotLook(.noData, "Neither the report nor its place says when it was made.")
        }
        let age = now - written
        guard age >= .zero - Limits.clockDifference else {
            throw CouldNotLook(.malformed, "The report is of \(written), which is yet to come: a clock is wrong.")
        }
        guard age <= within else {
            throw CouldNotLook(
                .stale, "The report is of \(written); it may be at most \(within.written) old. Nobody makes it anew.")
        }
        return age
    }
}
