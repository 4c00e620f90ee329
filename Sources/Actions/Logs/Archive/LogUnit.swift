import ClientKubernetes
import ClientObjectStore
import Host
import Maintenance

/// One container's log in one period: archiving it, and proving from the store alone that it is archived.
struct LogUnit: Sendable {
    private let action: LogsArchive
    private let unit: WorkUnit
    private let logs: KubernetesAccess
    private let store: ObjectStoreAccess
    private let context: Context
    private let key: String
    private let pod: String
    private let container: String
    private let from: Instant
    private let cut: Instant

    init(_ action: LogsArchive, _ unit: WorkUnit, _ access: LogsToStore.Access, _ context: Context) throws {
        guard let key = unit.attributes["key"], let pod = unit.attributes["pod"],
            let container = unit.attributes["container"], let from = unit.attributes["from"].flatMap({ Instant($0) }),
            let cut = unit.attributes["cut"].flatMap({ Instant($0) })
        else { throw CouldNotLook(.malformed, "The unit \(unit.id) says not which log it is: make a new plan.") }
        self.action = action
        self.unit = unit
        (logs, store) = (access.logs, access.store)
        self.context = context
        (self.key, self.pod, self.container, self.from, self.cut) = (key, pod, container, from, cut)
    }

    /// Reads the object back, whole: its digest, and the lines in it, against what was noted when it was made.
    func state() async throws -> ChangeState {
        guard let head = try await store.find(key) else {
            return try await unfinished().isEmpty
                ? .pending : .partial("an upload of \(unit.title) was begun and not finished")
        }
        guard let log = ArchivedLog(head.metadata) else {
            return .unknown(
                Cause(.rejected, "In the place of the archive of \(unit.title) lies another object; it was left alone.")
            )
        }
        let seen = try GunzipCount()
        let etag = head.object.etag
        _ = try await store.read(key, etag: etag.isEmpty ? nil : etag) { seen.add($0) }
        let result = seen.result
        guard head.object.size == log.size, result.size == log.size, result.sha256 == log.sha256 else {
            return .partial("the archive of \(unit.title) is not what was uploaded")
        }
        guard result.isWhole, result.lines == log.lines, result.bytes == log.bytes else {
            return .partial("the archive of \(unit.title) does not hold the lines that it should")
        }
        return .applied(
            Proof(
                "\(unit.title): \(log.lines) lines from \(log.first) to \(log.last), read back",
                measurements: [
                    Measurement("objects", 1), Measurement("lines", log.lines),
                    Measurement("bytes", Double(log.bytes), .bytes), Measurement("stored", Double(log.size), .bytes),
                    Measurement("partly_covered", log.gap == nil ? 0 : 1),
                ],
                findings: log.findings(unit.title, maySilent: action.silent.contains(container))))
    }

    func archive() async throws {
        let before = try await store.find(key)
        if before != nil {
            switch try await state() {
            case .applied: return
            case .unknown(let cause): throw ChangeFailed(cause)
            case .pending, .running, .partial: break
            }
        }
        for upload in try await unfinished() { try await store.abort(upload) }
        let file = try await scratchFile()
        let span = try await read(into: file)
        let made = try await file.finish(until: context.deadline, on: context.host)
        let log = ArchivedLog(unit, context.label, span, file.text, made)
        let receipt = try await store.upload(
            key, file: file.scratch.path,
            StoreOptions(contentType: "application/gzip", metadata: log.metadata, onlyIfAbsent: before == nil))
        guard receipt.sha256 == log.sha256, receipt.size == log.size else {
            throw ChangeFailed(.rejected, "The compressed log of \(unit.title) changed while it was uploaded.")
        }
        // The scratch file goes only now that the store has given the same bytes back.
        guard case .applied = try await state() else {
            throw ChangeFailed(.rejected, "The archive of \(unit.title) came back otherwise than it was uploaded.")
        }
    }

    private func read(into file: GzipFile) async throws -> LogSpan {
        let namespace = unit.attributes["namespace"]
        let object = try await logs.get(.pods, pod, namespace: namespace)
        guard object.uid == unit.attributes["uid"] else {
            throw CouldNotLook(.notFound, "The pod \(pod) was replaced since the plan was made; its log is gone.")
        }
        var query = PodLogQuery(container: container, since: from, until: cut)
        query.longLines = .pieces
        query.lineLimit = LogsActionLimits.line
        query.maySilent = action.silent.contains(container)
        let (context, title) = (context, unit.title)
        return try await logs.logs(of: object, query) { lines in
            try await file.write(lines, until: context.deadline, on: context.host)
            context.progress(Progress(done: Double(file.text.bytes), "\(title): bytes read"))
        }
    }

    private func scratchFile() async throws -> GzipFile {
        let folder = action.scratch ?? context.host.environment("TMPDIR") ?? "/tmp"
        let (limit, random) = (action.scratchLimit.bytes, context.host.random())
        let file = try await OffPool.run(until: context.deadline, on: context.host) {
            try GzipFile(try ScratchFile.make(in: folder, limit: limit, random: random))
        }
        guard let file else { throw CouldNotLook(.timedOut, "The scratch folder did not answer in time.") }
        return file
    }

    /// Uploads of this very key: it holds the pod and the period, so that they are ours. Some stores
    /// list none, and some say with an error that there is none; the bucket itself was seen before.
    private func unfinished() async throws -> [UnfinishedUpload] {
        do {
            return try await store.unfinishedUploads(prefix: key).filter { $0.key == key }
        } catch let error as CouldNotLook where [.notSupported, .rejected, .notFound].contains(error.cause.code) {
            return []
        }
    }
}
