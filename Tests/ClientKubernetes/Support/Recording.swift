import FoundationEssentials
import Maintenance
import Sandbox
import Synchronization

/// What a real API server answered, played back: by method, path and the parts of the query that matter, and as whom.
final class Recording: Sendable {
    struct Exchange: Sendable {
        let method: String
        let path: String
        let query: [String: String]
        let user: String
        let contentType: String?
        let answer: Answer
    }

    let server: StandInServer
    private let exchanges: [Exchange]
    private let played = Mutex<[String: Int]>([:])

    /// What a client may choose, and a recording need not share.
    private static let free: Set<String> = ["limit", "timeoutSeconds", "allowWatchBookmarks", "fieldManager"]

    /// `other` is the answer to what was not recorded.
    init(_ scenario: String, other: Answer = Answer(status: 599, body: "nothing of the kind was recorded")) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = folder.appending(path: "Fixtures/kubernetes/\(scenario).json")
        let json = try JSONDecoder().decode(ClientKubernetesJSON.self, from: Data(contentsOf: file))
        exchanges = try (json["exchanges"]?.asItems ?? []).map(Self.exchange)
        server = try StandInServer()
        server.otherwise { [weak self] request in
            self?.answer(request) ?? other
        }
    }

    func cluster(as user: String = "admin") -> Cluster {
        Cluster(server, user: user == "none" ? "{}" : "token: \(user)")
    }

    /// The same request again gets the next recorded answer, and the last one for good.
    private func answer(_ request: StandInServer.Request) -> Answer? {
        let authorization = request.headers["authorization"] ?? "Bearer none"
        let query = Self.kept(request.query)
        let found = exchanges.filter {
            $0.method == request.method && $0.path == request.path && Self.kept($0.query) == query
                && authorization == "Bearer \($0.user)"
                && ($0.method != "PATCH" || $0.contentType == request.headers["content-type"])
                // Only who applies is bound to a name.
                && ($0.query["fieldManager"] == nil || $0.query["fieldManager"] == request.query["fieldManager"])
        }
        guard let last = found.last else { return nil }
        let turn = played.withLock { played in
            defer { played["\(request.method) \(request.target)", default: 0] += 1 }
            return played["\(request.method) \(request.target)", default: 0]
        }
        return turn < found.count ? found[turn].answer : last.answer
    }

    private static func exchange(_ json: ClientKubernetesJSON) throws -> Exchange {
        let target = json["request"]?["path"]?.asText ?? ""
        let response = json["response"]
        var body: [UInt8] = []
        if let events = response?["events"]?.asItems {
            for event in events { body += try encodeJSON(event["event"] ?? .null) + [10] }
        } else if case .text(let text)? = response?["body"] {
            body = Array(text.utf8)
        } else if let document = response?["body"] {
            body = try encodeJSON(document)
        }
        return Exchange(
            method: json["request"]?["method"]?.asText ?? "", path: String(target.prefix { $0 != "?" }),
            query: queryItems(of: target),
            user: json["request"]?["as"]?.asText ?? "", contentType: json["request"]?["contentType"]?.asText,
            answer: Answer(
                status: Int(response?["status"]?.asNumber ?? 0),
                headers: [("Content-Type", response?["contentType"]?.asText ?? "application/json")],
                body: .bytes(body)))
    }

    private static func kept(_ query: [String: String]) -> [String: String] {
        query.filter { !free.contains($0.key) }
    }
}

extension Maintenance.JSONValue {
    var asItems: [Maintenance.JSONValue]? {
        if case .list(let items) = self { items } else { nil }
    }
}
