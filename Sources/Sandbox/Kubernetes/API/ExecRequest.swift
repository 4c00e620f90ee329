/// A command that is to run in a container, as the query says it.
struct ExecRequest: Sendable {
    let pod: String
    let namespace: String
    let container: String?
    let command: [String]
    let hasInput: Bool
    /// Which streams the client opens.
    let streams: [String]
    let handlers: KubeletHandlers

    init(_ request: APIRequest, _ path: ResourcePath, _ handlers: KubeletHandlers) {
        pod = path.name ?? ""
        namespace = path.namespace ?? ""
        container = request["container"]
        command = request.query.filter { $0.name == "command" }.map(\.value)
        hasInput = request.flag("stdin")
        streams =
            ["error"]
            + ["stdin", "stdout", "stderr"].filter { request.flag($0) && !($0 == "stderr" && request.flag("tty")) }
        self.handlers = handlers
    }

    /// Whether there is a container to run it in; a program that the image lacks is told of later, on the error stream.
    func check() throws {
        guard !command.isEmpty else {
            throw KubernetesStatus.badRequest("you must specify at least 1 command for the container")
        }
        do {
            _ = try handlers.exec(pod, namespace, container, command, [])
        } catch let status as KubernetesStatus where Self.isStartFailure(status) {}
    }

    private static func isStartFailure(_ status: KubernetesStatus) -> Bool {
        status.message.contains("error executing command in container")
    }

    /// What the command wrote, and the Status of its end.
    func run(input: [UInt8]) async throws -> (output: [UInt8], errors: [UInt8], end: JSON) {
        do {
            let answer = try handlers.exec(pod, namespace, container, command, input)
            try await ContinuousClock().sleep(for: answer.delay ?? .seconds(86_400))
            return (answer.output, answer.errors, Self.end(answer.exitCode, command))
        } catch let status as KubernetesStatus {
            return ([], [], status.json)
        }
    }

    private static func end(_ code: Int, _ command: [String]) -> JSON {
        guard code != 0 else { return ["metadata": [:], "status": "Success"] }
        return [
            "metadata": [:], "status": "Failure", "reason": "NonZeroExitCode",
            "message": .string(
                "command terminated with non-zero exit code: error executing command "
                    + "[\(command.joined(separator: " "))], exit code \(code)"),
            "details": ["causes": [["reason": "ExitCode", "message": .string(String(code))]]],
        ]
    }
}

extension APIFront {
    /// The request for an upgraded connection when it may be, else nil: the ordinary way then says why not.
    func execRequest(
        method: String, target: String, headers: [(name: String, value: String)], _ certificate: KubernetesUser?
    )
        -> ExecRequest?
    {
        guard let handler, let user = try? handler.user(headers: headers, certificate: certificate) else { return nil }
        let request = APIRequest(method: method, target: target, headers: headers, body: [], user: user)
        guard let path = ResourcePath(request.path, handler.resources), path.resource == .pods,
            path.subresource == "exec", (try? handler.authorize(request, path)) != nil,
            handler.faults.isCalm(verb: path.verb(request), resource: path.withSubresource)
        else { return nil }
        let exec = ExecRequest(request, path, handler.handlers)
        guard (try? exec.check()) != nil else { return nil }
        note(request)
        return exec
    }
}
