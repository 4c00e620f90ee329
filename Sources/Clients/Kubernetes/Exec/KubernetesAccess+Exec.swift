import ClientHTTP
import Glibc
import Host
import Maintenance
import NIOCore
import NIOPosix
import NIOSSL

extension KubernetesAccess {
    /// Runs a command in a container of a pod, and waits for its end. The command is no shell's: each word is an
    /// argument, and all of them appear in the API's audit log, so nothing secret belongs there.
    ///
    /// The connection ends with the deadline or the task; whether the command then ends too is the container's affair,
    /// so that a command which is cut off may have done its work.
    ///
    /// - Parameters:
    ///   - input: standard input to its end; needs an API server that speaks version 5 of the protocol (from 1.30 on).
    ///   - onlyLooks: true where the caller vouches that the command alters nothing; otherwise a look may not run it.
    /// - Throws: `KubernetesFailure` where the API refuses, `CouldNotLook` where the command's end is not known.
    public func exec(
        pod: String, container: String, command: [String], input: [UInt8]? = nil, namespace: String? = nil,
        onlyLooks: Bool = false, outputLimit: Int = ExecLimits.output
    ) async throws -> ExecResult {
        guard purpose == .change || onlyLooks else {
            throw CouldNotLook(.noPermission, "A command in a pod may alter something, and a look must not.")
        }
        guard !command.isEmpty, command.count <= ExecLimits.words,
            command.reduce(0, { $0 + $1.utf8.count }) <= ExecLimits.commandBytes
        else {
            throw CouldNotLook(.rejected, "The command is empty, or too long to be sent.")
        }
        let request = try KubernetesRequest(
            "get", "GET", .pods, namespace: namespace ?? self.namespace, name: pod, subresource: "exec"
        ).asking(
            [("container", container), ("stdin", input == nil ? nil : "true"), ("stdout", "true"), ("stderr", "true")]
                + command.map { ("command", $0) })
        // The words after the program may hold what no record should.
        let statement = "EXEC \(request.path) \(container): \(command[0].prefix(100))"
        do {
            let result = try await run(request, input, outputLimit)
            note(
                statement,
                "exit code \(result.exitCode), output \(result.standardOutput.count) bytes sha256 "
                    + "\(sha256Hex(result.standardOutput)), errors \(result.standardError.count) bytes")
            return result
        } catch {
            switch error {
            case let failure as KubernetesFailure: note(statement, "\(failure.code): \(failure.cause.sentence)")
            case let error as CouldNotLook: note(statement, "\(error.cause.code.rawValue): \(error.cause.sentence)")
            default: note(statement, "no end was seen")
            }
            throw error
        }
    }

    private func run(_ request: KubernetesRequest, _ input: [UInt8]?, _ limit: Int) async throws -> ExecResult {
        var hasRenewed = false
        while true {
            let session = try await connection.session(in: context)
            let connection = ExecConnection(
                endpoint: session.transport.endpoint, path: request.target, headers: session.headers, input: input,
                outputLimit: limit, context: context)
            let outcome: ExecOutcome
            do {
                outcome = try await connection.run()
            } catch {
                try Task.checkCancellation()
                throw CouldNotLook(cause(of: error, request))
            }
            switch outcome {
            case .ended(let streams): return try result(streams, request)
            case .refused(let answer, let body):
                let failure = KubernetesFailure(
                    status: answer.status, retryAfter: Self.retryAfter(answer.header("retry-after")), body: body,
                    to: request, at: identity)
                guard failure.code == 401, !hasRenewed, self.connection.isRenewable(session) else { throw failure }
                hasRenewed = true
            }
        }
    }

    private func result(_ streams: ExecStreams, _ request: KubernetesRequest) throws -> ExecResult {
        switch streams.ending {
        case .exited(let code):
            return ExecResult(
                exitCode: code, standardOutput: streams.output, standardError: streams.error,
                outputIsCut: streams.isCut)
        case .failed(let reason, let words):
            if words.contains("executable file not found") || words.contains("no such file or directory") {
                throw CouldNotLook(.notFound, "The container has no such program; to \(request.words) came to nothing.")
            }
            throw CouldNotLook(
                .serverError,
                "The node could not \(request.words)\(reason.isEmpty ? "" : " (\(reason.prefix(60)))").")
        case nil:
            throw CouldNotLook(
                .perhapsApplied,
                "The connection to \(request.thing) ended before the command did, and how it ended is not known.")
        }
    }

    private func cause(of error: any Error, _ request: KubernetesRequest) -> Cause {
        switch error {
        case let error as CouldNotLook: return error.cause
        case is ExecConnection.DeadlinePassed:
            return Cause(
                .timedOut, "The command had not ended by the deadline (\(request.words)), and perhaps still runs.")
        case is ExecConnection.NoEndOfInput:
            return Cause(
                .notSupported,
                "\(identity) speaks only version 4 of the protocol, in which standard input has no end: "
                    + "give the command none, or use a server from 1.30 on.")
        case is ExecConnection.OtherProtocol:
            return Cause(.notSupported, "\(identity) speaks no known version of the protocol of remote commands.")
        case is UpgradeAnswer.Malformed:
            return Cause(.malformed, "\(identity) answered the request for a WebSocket with something else.")
        case let error as NIOConnectionError:
            let codes = error.connectionErrors.compactMap { ($0.error as? IOError)?.errnoCode }
            if codes.contains(ECONNREFUSED) {
                return Cause(.refused, "\(identity) refused the connection: nothing listens there.")
            }
            return Cause(.unreachable, "\(identity) could not be reached.")
        case ChannelError.connectTimeout:
            return Cause(.timedOut, "No connection to \(identity) came about in time.")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return Cause(.tlsFailed, "TLS with \(identity) failed: its certificate is not to be trusted, or none came.")
        default:
            return Cause(
                .perhapsApplied,
                "The connection to \(request.thing) was lost, and whether the command ran is not known.")
        }
    }
}
