import Foundation
import Host
import Testing

@testable import Sandbox

/// An answer of the stand-in, as curl saw it.
struct APIReply {
    let code: Int
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSON { (try? JSON(parsing: body)) ?? .null }
}

/// A stand-in API of its own, asked by curl.
struct APIFixture: Sendable {
    let server: KubernetesServer
    let namespace = "shop"

    /// Without controllers, so that nothing changes by itself, unless `living`.
    static func with(
        living: Bool = false, handlers: KubeletHandlers? = nil, bookmarks: Duration = .seconds(60),
        namespaces: [String] = ["shop"], _ body: (APIFixture) async throws -> Void
    ) async throws {
        var options = KubernetesServer.Options()
        options.hasCluster = living
        options.speed = 20
        options.namespaces = namespaces
        options.bookmarkInterval = bookmarks
        let server = try await KubernetesServer.start(options, handlers: handlers)
        try await doing {
            if let cluster = server.cluster { try cluster.addNode("node-0", address: "10.1.0.1") }
            try await body(APIFixture(server: server))
        } finally: {
            await server.stop()
        }
    }

    /// `as` nil sends no token; `limit` is how long curl waits.
    func ask(
        _ method: String, _ path: String, _ body: [UInt8] = [], type: String? = "application/json",
        token: String? = nil, signedIn: Bool = true, accept: String? = nil, limit: Double = 10
    ) async throws -> APIReply {
        var arguments = [
            "-sS", "-i", "-N", "-m", String(limit), "--cacert", server.authority.rootPath, "-X", method,
            server.url + path,
        ]
        if signedIn { arguments += ["-H", "Authorization: Bearer \(token ?? server.token(.admin))"] }
        if let type, !body.isEmpty { arguments += ["-H", "Content-Type: \(type)", "--data-binary", "@-"] }
        if let accept { arguments += ["-H", "Accept: \(accept)"] }
        let result = try await Program.output("curl", arguments, input: body, limit: .seconds(30))
        return Self.reply(result.output)
    }

    func ask(_ method: String, _ path: String, _ body: JSON, type: String = "application/json") async throws -> APIReply
    {
        try await ask(method, path, body.bytes, type: type)
    }

    private static func reply(_ bytes: [UInt8]) -> APIReply {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
            return APIReply(code: 0, headers: [:], body: bytes)
        }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let sides = line.split(separator: ":", maxSplits: 1)
            headers[sides[0].lowercased()] = sides.last.map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let code = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return APIReply(code: code, headers: headers, body: Array(bytes[end.upperBound...]))
    }

    /// The events of a watch that ends after so many seconds.
    func watch(_ path: String, seconds: Int = 1) async throws -> [JSON] {
        let reply = try await ask("GET", path + "&watch=true&timeoutSeconds=\(seconds)", limit: Double(seconds) + 5)
        return try reply.text.split(separator: "\n").map { try JSON(parsing: String($0)) }
    }
}

extension JSON {
    /// A pod of one container.
    static func pod(_ name: String, labels: [String: String] = [:], node: String? = nil) -> JSON {
        var pod: JSON = [
            "metadata": ["name": .string(name), "labels": JSON(labels)],
            "spec": ["containers": [["name": "main", "image": "shop/main:1"]]],
        ]
        if let node { pod[path: ["spec", "nodeName"]] = .string(node) }
        return pod
    }

    static func deployment(_ name: String, replicas: Int = 1, image: String = "shop/main:1") -> JSON {
        [
            "metadata": ["name": .string(name)],
            "spec": [
                "replicas": .int(replicas), "selector": ["matchLabels": ["app": .string(name)]],
                "template": [
                    "metadata": ["labels": ["app": .string(name)]],
                    "spec": ["containers": [["name": "main", "image": .string(image)]]],
                ],
            ],
        ]
    }
}
