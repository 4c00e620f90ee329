import ClientHTTP
import FoundationEssentials
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ClientKubernetes

/// A cluster under test: a kubeconfig in memory, and accesses as a step gets them.
struct Cluster {
    var files: [String: String] = [:]
    var environment = ["HOME": "/home/ops"]
    var kind = KubernetesKind()
    var host = Host.system
    var bounds = ReadingBounds()
    let evidence = EvidenceLog(host: .system)

    init() {}

    /// One that a server plays, with a token for a user.
    init(url: String, user: String = "token: admin", cluster: String = "") {
        files["/home/ops/.kube/config"] = Self.kubeconfig(url: url, user: user, cluster: cluster)
    }

    init(_ server: StandInServer, user: String = "token: admin") { self.init(url: server.url(""), user: user) }

    /// `user` and `cluster` are lines of their entries.
    static func kubeconfig(url: String, user: String, cluster: String = "") -> String {
        func lines(_ text: String) -> String {
            text.split(separator: "\n").map { "    \($0)\n" }.joined()
        }
        return """
            apiVersion: v1
            kind: Config
            current-context: prod
            clusters:
            - name: main
              cluster:
                server: \(url)
            \(lines(cluster))users:
            - name: ops
              user:
            \(lines(user))contexts:
            - name: prod
              context:
                cluster: main
                user: ops
                namespace: greenlang-gl008

            """
    }

    /// The machine, with the files and variables of this cluster.
    var machine: Host {
        var machine = host
        let (files, environment, real) = (files, environment, host.readFile)
        machine.environment = { environment[$0] ?? ($0 == "PATH" ? host.environment($0) : nil) }
        machine.readFile = { path, limit in
            if let text = files[path] { return Array(text.utf8) }
            if path.hasPrefix("/home/ops/") || path.hasPrefix(KubernetesConfiguration.serviceAccount) {
                throw FileError(path: path, reason: "No such file or directory", isMissing: true)
            }
            return try real(path, limit)
        }
        return machine
    }

    func context(_ patience: Duration = .seconds(20)) -> Context {
        let machine = machine
        return Context(
            host: machine, deadline: machine.steady() + patience, label: WorkLabel(run: "run", step: "step"),
            evidence: evidence)
    }

    func use<R>(
        for purpose: Purpose = .look, patience: Duration = .seconds(20),
        _ body: (KubernetesAccess) async throws -> R
    ) async throws -> R {
        let client = kind.open(on: machine)
        return try await doing {
            var access = try await kind.access(client, for: purpose, in: context(patience))
            access.bounds = bounds
            return try await body(access)
        } finally: {
            await kind.close(client)
        }
    }

    /// Why it could not be looked at; `nil` where it could.
    func cause(
        for purpose: Purpose = .look, patience: Duration = .seconds(20),
        _ body: (KubernetesAccess) async throws -> Void = { _ = try await $0.list(.pods) }
    ) async throws -> Cause? {
        do {
            try await use(for: purpose, patience: patience, body)
            return nil
        } catch let error as CouldNotLook {
            return error.cause
        }
    }

    /// What the API refused.
    func failure(_ body: (KubernetesAccess) async throws -> Void) async throws -> KubernetesFailure? {
        do {
            try await use(for: .change, body)
            return nil
        } catch let failure as KubernetesFailure {
            return failure
        }
    }
}

/// A query's items, decoded.
func queryItems(of target: String) -> [String: String] {
    guard let mark = target.firstIndex(of: "?") else { return [:] }
    var items: [String: String] = [:]
    for item in target[target.index(after: mark)...].split(separator: "&") {
        let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        items[parts[0]] = parts.count > 1 ? parts[1].percentDecoded ?? parts[1] : ""
    }
    return items
}

extension StandInServer.Request {
    var query: [String: String] { queryItems(of: target) }

    var json: ClientKubernetesJSON? { try? JSONDecoder().decode(ClientKubernetesJSON.self, from: Data(body)) }
}

/// The sandbox has values of that name, too.
typealias ClientKubernetesJSON = Maintenance.JSONValue

extension Answer {
    /// A list of pods by name, all of one version.
    static func pods(_ names: [String], version: String = "100", more: String? = nil) -> Answer {
        let items = names.map { podText($0) }.joined(separator: ",")
        let next = more.map { ",\"continue\":\"\($0)\"" } ?? ""
        return .json(
            "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"\(version)\"\(next)},"
                + "\"items\":[\(items)]}")
    }

    static func failure(_ code: Int, _ reason: String, _ message: String = "said", retryAfter: Int? = nil) -> Answer {
        var answer = Answer.json(
            "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
                + "\"message\":\"\(message)\",\"reason\":\"\(reason)\",\"code\":\(code)}", status: code)
        if let retryAfter { answer.headers.append(("Retry-After", String(retryAfter))) }
        return answer
    }
}

func podText(_ name: String, version: String = "1", uid: String? = nil) -> String {
    "{\"metadata\":{\"name\":\"\(name)\",\"namespace\":\"greenlang-gl008\",\"uid\":\"\(uid ?? "u-" + name)\","
        + "\"resourceVersion\":\"\(version)\",\"creationTimestamp\":\"2026-11-20T22:33:17Z\"},"
        + "\"status\":{\"phase\":\"Running\"}}"
}
