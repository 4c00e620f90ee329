/// What the API answers: a whole body, or pieces as they come.
struct APIAnswer: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Written piece by piece; the task is cancelled when the client leaves.
        case stream(@Sendable (APIStream) async throws -> Void)
    }

    var code: Int
    var headers: [(name: String, value: String)] = []
    var body: Body

    static func json(_ value: JSON, code: Int = 200) -> APIAnswer {
        APIAnswer(code: code, headers: [("Content-Type", "application/json")], body: .bytes(value.bytes + [0x0a]))
    }

    static func text(_ text: String, code: Int = 200, type: String = "text/plain; charset=utf-8") -> APIAnswer {
        APIAnswer(code: code, headers: [("Content-Type", type)], body: .bytes(Array(text.utf8)))
    }

    static func status(_ status: KubernetesStatus) -> APIAnswer {
        var answer = json(status.json, code: status.code)
        if let seconds = status.retryAfter { answer.headers.append(("Retry-After", String(seconds))) }
        return answer
    }

    static let pageNotFound = text("404 page not found\n", code: 404)

    /// Success of something that returns no object.
    static func success(details: JSON? = nil, code: Int = 200) -> APIAnswer {
        var status: JSON = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": .int(code),
        ]
        if code == 200 { status["code"] = nil }
        status["details"] = details
        return json(status, code: code)
    }

    static func stream(
        type: String = "application/json", _ write: @escaping @Sendable (APIStream) async throws -> Void
    ) -> APIAnswer {
        APIAnswer(code: 200, headers: [("Content-Type", type)], body: .stream(write))
    }
}

/// Where the pieces of a streamed answer go; waits while the client does not read.
struct APIStream: Sendable {
    let write: @Sendable ([UInt8]) async throws -> Void
    /// Breaks the connection off in the middle of the answer.
    let cut: @Sendable () -> Void
}
