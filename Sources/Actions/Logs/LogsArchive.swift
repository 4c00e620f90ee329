import ClientKubernetes
import ClientObjectStore
import Host
public import Maintenance

/// Archives the logs of pods in an object store, period after period, and deletes local copies that are there.
public struct LogsArchive: RepairableChange {
    public typealias Kind = LogsToStore

    var selector: String?
    var namespace: String?
    var containers: [String] = []
    var except: [String] = []
    var since: Duration = .seconds(7 * 86_400)
    var silent: [String] = []
    var scratch: String?
    var scratchLimit = ByteCount(2 << 30)
    var directory: String?
    var keep: Duration = .seconds(90 * 86_400)

    public init() {}

    public static let declaration = Declaration(
        name: "logs.archive",
        summary: "Archives the logs of pods in an object store: cut at an instant, compressed, uploaded, read back.",
        measurements: [
            MeasurementDeclaration("objects", "Logs that are archived, one a container and period."),
            MeasurementDeclaration("lines", "Lines in them."),
            MeasurementDeclaration("bytes", .bytes, "Their bytes before compression."),
            MeasurementDeclaration("stored", .bytes, "Their bytes in the store."),
            MeasurementDeclaration("partly_covered", "Archives that do not hold their whole period."),
            MeasurementDeclaration("gone", "Pods of the last archive that are gone, and their later lines with them."),
            MeasurementDeclaration("files_deleted", "Local files that were deleted after the store had them."),
            MeasurementDeclaration("freed", .bytes, "Bytes of these files."),
        ],
        timeout: .seconds(1800),
        applies: """
            Every Kubernetes whose containers log to their standard streams, and every store that speaks S3. The first \
            period begins `since` ago, each next one where the one before ended. How long the store keeps the objects \
            is for a rule of the bucket's life cycle to say.
            """,
        example: "{ selector: app=steam-trap-inspector, since: 168h }", limits: ["logs"])

    public static let parameters: [Parameter<LogsArchive>] = [
        .optional(
            "selector", \.selector, default: nil,
            "The labels of the pods, such as app=worker; without it all pods of the namespace."),
        .optional("namespace", \.namespace, default: nil, "The namespace, where it is not the target's."),
        .optional("containers", \.containers, default: [], "Containers to archive; without it all that serve."),
        .optional("except", \.except, default: [], "Containers to leave out."),
        .optional("since", \.since, default: .seconds(7 * 86_400), "How far the first period reaches back."),
        .optional("silent", \.silent, default: [], "Containers that may write nothing at all."),
        .optional("scratch", \.scratch, default: nil, "The folder for compressing; without it TMPDIR, or /tmp."),
        .optional(
            "scratch-limit", \.scratchLimit, default: ByteCount(2 << 30),
            "The most that one compressed log may take there."),
        .optional(
            "directory", \.directory, default: nil,
            "A folder of this machine whose *.log.gz are deleted when they are older than `keep` and in the store."),
        .optional("keep", \.keep, default: .seconds(90 * 86_400), "How long local files are kept."),
    ]

    public var impact: Impact { .online }

    public var rights: [Right] {
        let pods = "get,list pods" + (namespace.map { " in \($0)" } ?? "")
        let logs = "get pods/log" + (namespace.map { " in \($0)" } ?? "")
        return [
            Right(KubernetesKind.name, .look, pods, reason: "to find the pods"),
            Right(KubernetesKind.name, .change, pods, reason: "to see that they are the same"),
            Right(KubernetesKind.name, .change, logs, reason: "to read their logs"),
        ]
            + Right.s3(.look, "s3:ListBucket", "s3:ListBucketMultipartUploads", reason: "to see what is archived")
            + Right.s3(.look, "s3:GetObject", reason: "to read it back")
            + Right.s3(.change, "s3:PutObject", "s3:AbortMultipartUpload", reason: "to store it")
            + Right.s3(
                .change, "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:GetObject", reason: "to look again")
    }

    public func validate() throws(ValueError) {
        guard since >= .seconds(1) else { throw ValueError("at least a second", path: ["since"]) }
        guard keep >= .seconds(86_400) else { throw ValueError("at least a day", path: ["keep"]) }
        for (name, path) in [("scratch", scratch), ("directory", directory)] {
            guard path?.hasPrefix("/") != false else { throw ValueError("a path begins with a slash", path: [name]) }
        }
    }

    /// What was so before; for a local file, what it is.
    public struct Baseline: Codable, Sendable {
        let at: Instant
        var file: LocalFile.Facts?
    }

    public func prepare(
        _ unit: WorkUnit, _ access: LogsToStore.Access, in context: Context
    ) async throws -> Baseline {
        var baseline = Baseline(at: context.host.now())
        if let path = unit.attributes["file"] {
            baseline.file = try await LocalFile(path, in: context).facts()
        }
        return baseline
    }

    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: LogsToStore.Access, in context: Context
    ) async throws -> ChangeState {
        if let file = baseline.file { return try await FileUnit(unit, file, access.store, context).state() }
        return try await LogUnit(self, unit, access, context).state()
    }

    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: LogsToStore.Access, in context: Context
    ) async throws {
        if let file = baseline.file { return try await FileUnit(unit, file, access.store, context).delete() }
        try await LogUnit(self, unit, access, context).archive()
    }

    /// Clears away what an upload left half done, and stores anew what is not as it was uploaded.
    public func repair(
        _ unit: WorkUnit, since baseline: Baseline, _ access: LogsToStore.Access, in context: Context
    ) async throws {
        try await apply(unit, since: baseline, access, in: context)
    }
}
