import ClientKubernetes
import Maintenance

/// Reads the disks from the kubelets' summaries, and holds them against what the namespace should have.
struct KubeletDisks: Sendable {
    let check: KubernetesDisk
    let access: KubernetesAccess
    let namespace: String

    private typealias Summary = (node: String, answer: Result<JSONValue, CouldNotLook>)

    func look() async throws -> DiskFindings {
        let pods = try await access.list(.pods, namespace: namespace).objects.map(\.json)
        let claims = try await access.list(.persistentVolumeClaims, namespace: namespace).objects.map(\.json)
        let running = pods.filter { $0.text("spec", "nodeName") != nil && !Pod($0).isOver }
        guard !running.isEmpty || !claims.isEmpty else {
            throw CouldNotLook(.noData, "\(namespace) has neither pods nor claims: check the namespace.")
        }
        let nodes = Set(running.compactMap { $0.text("spec", "nodeName") }).sorted()
        guard nodes.count <= KubernetesActionLimits.nodes else {
            throw CouldNotLook(
                .tooLarge, "The pods are on \(nodes.count) nodes, and one check asks \(KubernetesActionLimits.nodes).")
        }
        var findings = DiskFindings()
        var seen: [String: JSONValue] = [:]
        for summary in try await summaries(of: nodes) {
            switch summary.answer {
            case .success(let document):
                take(node: summary.node, document, &findings)
                for pod in document.items("pods") where pod.text("podRef", "namespace") == namespace {
                    if let uid = pod.text("podRef", "uid") { seen[uid] = pod }
                }
            case .failure(let error):
                findings.miss(
                    "node \(summary.node)", error.cause.code,
                    "The disks of node \(summary.node) could not be read. \(error.cause.sentence)")
            }
        }
        let blindNodes = Set(findings.blind.map(\.subject))
        var mounted: Set<String> = []
        for pod in running {
            let isBlind = blindNodes.contains("node \(pod.text("spec", "nodeName") ?? "")")
            take(pod: pod, seen[Pod(pod).kubeletUID], isNodeBlind: isBlind, &mounted, &findings)
        }
        take(claims: claims, mounted, &findings)
        return findings
    }

    /// A few nodes at a time: a kubelet computes its summary for each asker.
    private func summaries(of nodes: [String]) async throws -> [Summary] {
        let access = access
        func ask(_ node: String) async -> Summary {
            do {
                let document = try await access.rawDocument("/api/v1/nodes/\(node)/proxy/stats/summary")
                guard document.at("node") != nil, case .list? = document.at("pods") else {
                    throw CouldNotLook(.malformed, "The kubelet answered with something that is no summary.")
                }
                return (node, .success(document))
            } catch {
                return (node, .failure(error as? CouldNotLook ?? CouldNotLook(Cause(error))))
            }
        }
        return try await withThrowingTaskGroup(of: Summary.self) { group in
            var left = nodes[...]
            var result: [Summary] = []
            for _ in 0..<KubernetesActionLimits.nodesAtOnce {
                if let node = left.popFirst() { group.addTask { await ask(node) } }
            }
            while let summary = try await group.next() {
                try Task.checkCancellation()
                result.append(summary)
                if let node = left.popFirst() { group.addTask { await ask(node) } }
            }
            return result.sorted { $0.node < $1.node }
        }
    }

    private func take(node: String, _ summary: JSONValue, _ findings: inout DiskFindings) {
        guard check.nodes else { return }
        for (name, path) in [(node, ["fs"]), ("\(node) images", ["runtime", "imageFs"])] {
            guard let stats = path.reduce(summary.at("node"), { $0?.at($1) }) else {
                if path == ["fs"] {
                    findings.miss(
                        "node \(node)", .noData, "The kubelet of node \(node) does not say how full its disk is.")
                }
                continue
            }
            if let use = DiskUse(.node, name, stats, isWholeFileSystem: false) {
                findings.uses.append(use)
            } else if path == ["fs"] {
                findings.miss("disk of \(node)", .noData, "The kubelet of node \(node) says no size of its disk.")
            }
        }
    }

    private func take(
        pod: JSONValue, _ stats: JSONValue?, isNodeBlind: Bool, _ mounted: inout Set<String>,
        _ findings: inout DiskFindings
    ) {
        let facts = Pod(pod)
        // Of the volumes of one that has not started nobody tells anything.
        if facts.phase != "Pending" { mounted.formUnion(facts.claims.values) }
        if isNodeBlind { return }
        guard let stats else {
            // One that has not started has written nothing yet.
            if facts.containers.contains(where: \.isStarted) {
                findings.miss(
                    "pod \(facts.name)", .noData, "The kubelet does not tell of pod \(facts.name) and its disks.")
            }
            return
        }
        take(root: stats, facts, &findings)
        WritableLimits(pod).judge(stats, of: facts, &findings)
        let volumes = Dictionary(
            stats.items("volume").compactMap { volume in volume.text("name").map { ($0, volume) } }
        ) { first, _ in first }
        for volume in pod.items("spec", "volumes") {
            guard let name = volume.text("name") else { continue }
            if let claim = facts.claims[name] {
                if check.isChosen(claim) { take(claim: claim, pod, facts, volumes[name], name, &findings) }
            } else if let scratch = volume.at("emptyDir") {
                take(scratch: scratch, "\(facts.name)/\(name)", facts, volumes[name], &findings)
            }
        }
    }

    /// The fullest of its containers' roots: mostly its node's disk, but not on every node.
    private func take(root stats: JSONValue, _ facts: Pod, _ findings: inout DiskFindings) {
        let roots = stats.items("containers").compactMap { $0.at("rootfs") }
        let uses = roots.compactMap { DiskUse(.pod, facts.name, pods: [facts.name], $0, isWholeFileSystem: false) }
        if let fullest = uses.max(by: { $0.percent < $1.percent }) {
            findings.uses.append(fullest)
        } else if facts.containers.contains(where: { $0.isStarted && !$0.isInit }) {
            findings.miss(
                "pod \(facts.name)", .noData,
                "The kubelet does not say how full the file system of pod \(facts.name) is.")
        }
    }

    private func take(
        claim: String, _ pod: JSONValue, _ facts: Pod, _ stats: JSONValue?, _ volume: String,
        _ findings: inout DiskFindings
    ) {
        let isBlock = pod.items("spec", "containers").contains { container in
            container.items("volumeDevices").contains { $0.text("name") == volume }
        }
        if isBlock { return }
        if let place = findings.uses.firstIndex(where: { $0.place == .claim && $0.name == claim }) {
            findings.uses[place].pods.append(facts.name)
            return
        }
        guard let stats, let use = DiskUse(.claim, claim, pods: [facts.name], stats, isWholeFileSystem: true) else {
            guard facts.containers.contains(where: \.isStarted) else { return }
            findings.miss(
                "claim \(claim)", .noData, "The kubelet does not say how full claim \(claim) of pod \(facts.name) is.")
            return
        }
        findings.uses.append(use)
    }

    private func take(
        scratch: JSONValue, _ name: String, _ facts: Pod, _ stats: JSONValue?, _ findings: inout DiskFindings
    ) {
        guard let stats, case .number(let used)? = stats.at("usedBytes") else { return }
        if let limit = scratch.text("sizeLimit").flatMap(PodMemory.amount), limit > 0 {
            findings.uses.append(
                DiskUse(place: .volume, name: name, pods: [facts.name], used: used, total: limit, available: nil))
        }
    }

    /// Claims that should be readable and were not, and those that nobody mounts.
    private func take(claims: [JSONValue], _ mounted: Set<String>, _ findings: inout DiskFindings) {
        let read = Set(findings.uses.filter { $0.place == .claim }.map(\.name))
        let missed = Set(findings.blind.map(\.subject))
        let names = Set(claims.compactMap { $0.text("metadata", "name") })
        for pattern in check.claims where !names.contains(where: { pattern.matches(.deployment, $0) }) {
            findings.miss("claim \(pattern.name)", .notFound, "There is no claim \(pattern.name) in \(namespace).")
        }
        for claim in claims {
            guard let name = claim.text("metadata", "name"), check.isChosen(name), !read.contains(name),
                !missed.contains("claim \(name)")
            else { continue }
            let subject = "claim \(name)"
            if claim.text("spec", "volumeMode") == "Block" {
                findings.unread.append((subject, "It is a raw block device without a file system."))
            } else if !mounted.contains(name) {
                findings.unread.append((subject, "No running pod mounts it."))
            } else {
                findings.miss(subject, .noData, "How full claim \(name) is could not be read from any of its pods.")
            }
        }
    }
}
