import Foundation
import Synchronization

/// A namespace of pods whose logs a test writes line by line, the impossible ones too, over plain HTTP. It knows lists
/// and single pods, their logs, and what a test puts under other paths; the stand-in API is for everything else.
public final class ScriptedLogs: Sendable {
    public struct Container: Sendable {
        public var name: String
        /// Each with its time, as a kubelet gives them: `2026-11-21T10:00:00.000000000Z text`.
        public var lines: [String] = []
        /// The log of before the last restart.
        public var previous: [String]?
        /// What its status says besides its name; running since a while.
        public var status: String
        /// The answer instead of the log.
        public var answer: Answer?

        public init(_ name: String, started: String, lines: [String] = []) {
            self.name = name
            self.lines = lines
            status = #""restartCount":0,"containerID":"c-1","state":{"running":{"startedAt":"\#(started)"}}"#
        }
    }

    public struct Pod: Sendable {
        public var name: String
        public var uid: String
        public var labels: [String: String]
        public var created: String
        public var phase = "Running"
        public var containers: [Container]
        /// Its controller.
        public var owner: (kind: String, name: String)?

        public init(_ name: String, labels: [String: String], created: String, containers: [Container]) {
            self.name = name
            uid = "uid-of-\(name)"
            self.labels = labels
            self.created = created
            self.containers = containers
        }
    }

    public let server: StandInServer
    private let namespace: String
    private let state = Mutex((pods: [Pod](), others: [String: String]()))

    public init(namespace: String = "shop") throws {
        server = try StandInServer()
        self.namespace = namespace
        server.otherwise { [weak self] request in self?.answer(request) ?? Answer(status: 503) }
    }

    public var pods: [Pod] {
        get { state.withLock { $0.pods } }
        set { state.withLock { $0.pods = newValue } }
    }

    /// A document under a path of its own, such as a ReplicaSet.
    public func put(_ document: String, at path: String) { state.withLock { $0.others[path] = document } }

    /// The path of a kubeconfig that leads here.
    public func kubeconfig() throws -> String {
        let path = try Scratch.folder() + "/config"
        let text = """
            apiVersion: v1
            kind: Config
            current-context: scripted
            clusters: [{name: scripted, cluster: {server: "\(server.url(""))"}}]
            users: [{name: scripted, user: {}}]
            contexts: [{name: scripted, context: {cluster: scripted, user: scripted, namespace: \(namespace)}}]
            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func answer(_ request: StandInServer.Request) -> Answer {
        let (pods, others) = state.withLock { $0 }
        if let other = others[request.path] { return .json(other) }
        let base = "/api/v1/namespaces/\(namespace)/pods"
        guard request.path.hasPrefix(base) else { return Self.failure(404, "NotFound", "nothing of that name") }
        let parts = request.path.dropFirst(base.count).split(separator: "/").map(String.init)
        let query = Self.query(request.target)
        guard let name = parts.first else {
            let wanted = pods.filter { Self.matches($0, query["labelSelector"]) }
            let items = wanted.map { document($0) }.joined(separator: ",")
            return .json(
                #"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[\#(items)]}"#)
        }
        guard let pod = pods.first(where: { $0.name == name }) else {
            return Self.failure(404, "NotFound", "pods \"\(name)\" not found")
        }
        guard parts.count > 1 else { return .json(document(pod)) }
        guard let container = pod.containers.first(where: { $0.name == query["container"] }) else {
            return Self.failure(400, "BadRequest", "container x is not valid for pod \(name)")
        }
        return log(container, query)
    }

    private func log(_ container: Container, _ query: [String: String]) -> Answer {
        if let answer = container.answer { return answer }
        guard let lines = query["previous"] == "true" ? container.previous : container.lines else {
            return Self.failure(400, "BadRequest", "previous terminated container \"\(container.name)\" not found")
        }
        // Texts of times in one form sort as the times do.
        let since = query["sinceTime"].map { $0.dropLast() + ".000000000Z" }
        let kept = lines.filter { line in since.map { line >= $0 } ?? true }
        let bytes = Array(kept.map { $0 + "\n" }.joined().utf8)
        let limit = query["limitBytes"].flatMap { Int($0) } ?? bytes.count
        return Answer(body: .bytes(Array(bytes.prefix(limit))))
    }

    private func document(_ pod: Pod) -> String {
        let labels = pod.labels.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
        let owner = pod.owner.map {
            #","ownerReferences":[{"controller":true,"kind":"\#($0.kind)","name":"\#($0.name)","uid":"o"}]"#
        }
        let names = pod.containers.map { "{\"name\":\"\($0.name)\"}" }.joined(separator: ",")
        let statuses = pod.containers.map { "{\"name\":\"\($0.name)\",\($0.status)}" }.joined(separator: ",")
        return """
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"\(pod.name)","namespace":"\(namespace)",
            "uid":"\(pod.uid)","resourceVersion":"7","creationTimestamp":"\(pod.created)","labels":{\(labels)}\(owner ?? "")},
            "spec":{"containers":[\(names)]},
            "status":{"phase":"\(pod.phase)","startTime":"\(pod.created)","containerStatuses":[\(statuses)]}}
            """
    }

    private static func matches(_ pod: Pod, _ selector: String?) -> Bool {
        (selector ?? "").split(separator: ",").allSatisfy { term in
            let sides = term.split(separator: "=").map(String.init)
            return sides.count == 2 && pod.labels[sides[0]] == sides[1]
        }
    }

    private static func query(_ target: String) -> [String: String] {
        var fields: [String: String] = [:]
        for item in target.drop(while: { $0 != "?" }).dropFirst().split(separator: "&") {
            let sides = item.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding ?? "" }
            fields[sides[0]] = sides.count > 1 ? sides[1] : ""
        }
        return fields
    }

    public static func failure(_ code: Int, _ reason: String, _ message: String) -> Answer {
        let quoted = message.replacingOccurrences(of: "\"", with: "\\\"")
        return .json(
            #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"\#(quoted)","#
                + #""reason":"\#(reason)","code":\#(code)}"#, status: code)
    }
}
