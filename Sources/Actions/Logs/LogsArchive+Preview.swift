import ClientKubernetes
import ClientObjectStore
import Host
public import Maintenance

extension LogsArchive {
    /// What the store has of the namespace's logs already.
    private struct Archived {
        /// The newest archive of each container.
        var newest: [ArchiveName.Chain: ArchiveName] = [:]
        /// Pods whose logs were in the last archive of all.
        var lastPods: Set<String> = []
    }

    public func preview(_ access: LogsToStore.Access, in context: Context) async throws -> Preview {
        let namespace = namespace ?? access.logs.namespace
        let cut = Instant(secondsSinceEpoch: context.host.now().secondsSinceEpoch)
        let pods = try await access.logs.list(.pods, labels: selector, namespace: namespace).objects
        let archived = try await archived(namespace, access.store, cut)
        var findings: [Finding] = []
        var units: [WorkUnit] = []
        for pod in pods {
            let names = containersToArchive(of: pod)
            let started = names.filter { pod.containerLives[$0].map { !$0.neverStarted } ?? false }
            for name in names where !started.contains(name) {
                findings.append(
                    Finding(
                        "\(pod.name)/\(name)", .warn,
                        Cause(.noData, "The container \(name) of pod \(pod.name) has not started and has no log.")))
            }
            for name in started {
                if let unit = try await unit(pod, name, namespace, archived, access, cut) { units.append(unit) }
            }
        }
        guard units.count <= LogsActionLimits.containers else {
            throw CouldNotLook(
                .tooLarge,
                "\(units.count) logs are to be archived, and one step takes \(LogsActionLimits.containers): narrow it.")
        }
        if pods.isEmpty {
            let which = selector.map { " with the labels \($0)" } ?? ""
            findings.append(
                Finding(
                    namespace, .unknown, Cause(.noData, "There is no pod\(which) in \(namespace), and so no log."),
                    advice: "Check the selector and the namespace."))
        }
        for name in containers where !pods.isEmpty && !pods.contains(where: { $0.allContainers.contains(name) }) {
            findings.append(
                Finding(name, .fail, Cause(.notFound, "No pod has a container \(name)."), advice: "Check `containers`.")
            )
        }
        if !pods.isEmpty, pods.allSatisfy({ containersToArchive(of: $0).isEmpty }) {
            findings.append(
                Finding(namespace, .unknown, Cause(.noData, "`containers` and `except` leave no log to archive.")))
        }
        let files = try await fileUnits(access.store, in: context)
        let gone = archived.lastPods.subtracting(pods.map(\.name)).count
        return Preview(
            summary: "\(units.count) logs up to \(cut)" + (files.isEmpty ? "" : ", \(files.count) old files"),
            units: units + files, measurements: [Measurement("gone", gone)], findings: findings,
            statements: units.compactMap { $0.attributes["key"].map { "PUT s3://\(access.store.bucket)/\($0)" } }
                + files.compactMap { $0.attributes["file"].map { "unlink \($0)" } })
    }

    private func containersToArchive(of pod: KubernetesObject) -> [String] {
        let all = pod.allContainers
        let wanted = containers.isEmpty ? pod.servingContainers : containers.filter(all.contains)
        return wanted.filter { !except.contains($0) }
    }

    private func unit(
        _ pod: KubernetesObject, _ container: String, _ namespace: String, _ archived: Archived,
        _ access: LogsToStore.Access, _ cut: Instant
    ) async throws -> WorkUnit? {
        var from = cut - since
        from = Instant(secondsSinceEpoch: from.secondsSinceEpoch)
        let chain = ArchiveName.Chain(
            pod: pod.name, life: ArchiveName.life(uid: pod.uid), container: container)
        if let newest = archived.newest[chain] {
            // What is not as it was uploaded holds no period: it is archived again, with what came since.
            let head = try await access.store.find(access.store.key(newest.text))
            let isWhole = head.flatMap { head in ArchivedLog(head.metadata).map { $0.size == head.object.size } }
            from = isWhole == true ? newest.cut : newest.from
        }
        guard from < cut else { return nil }
        let name = ArchiveName(
            namespace: namespace, pod: pod.name, uid: pod.uid, container: container, from: from, cut: cut)
        return WorkUnit(
            id: "\(pod.name)/\(container)", title: "\(pod.name)/\(container)", expected: .seconds(20),
            attributes: [
                "pod": pod.name, "uid": pod.uid, "namespace": namespace, "container": container,
                "from": from.description, "cut": cut.description, "key": access.store.key(name.text),
            ])
    }

    private func archived(_ namespace: String, _ store: ObjectStoreAccess, _ cut: Instant) async throws -> Archived {
        let listing = try await store.list(prefix: store.key("\(namespace)/"))
        guard listing.isComplete else {
            throw CouldNotLook(
                .tooLarge, "\(store.identity) has more objects of \(namespace) than can be listed: take another prefix."
            )
        }
        var archived = Archived()
        let names = listing.objects.compactMap { ArchiveName($0.key.dropFirst(store.prefix.count)) }
            // An archive of the future is none of ours, or of a clock that was wrong.
            .filter { $0.cut <= cut }
        for name in names where name.cut > archived.newest[name.chain]?.cut ?? name.from {
            archived.newest[name.chain] = name
        }
        if let last = names.map(\.cut).max() {
            archived.lastPods = Set(names.filter { $0.cut == last }.map(\.pod))
        }
        return archived
    }

    /// Local files that are old enough to go.
    private func fileUnits(_ store: ObjectStoreAccess, in context: Context) async throws -> [WorkUnit] {
        guard let directory else { return [] }
        let before = context.host.now() - keep
        return try await LocalFile.old(in: directory, before: before, context).map { name in
            WorkUnit(
                id: "file/\(name)", title: name, expected: .seconds(20),
                attributes: ["file": "\(directory)/\(name)", "key": store.key(name)])
        }
    }
}
