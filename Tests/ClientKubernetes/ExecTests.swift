import Crypto
import Foundation
import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientKubernetes

/// Commands in containers, over a WebSocket that a test scripts frame by frame.
struct ExecTests {
    private static let path = "/api/v1/namespaces/shop/pods/api-0/exec"

    /// What the server sends after it went over to the WebSocket.
    private static func frame(_ channel: UInt8, _ text: String, opcode: UInt8 = 2, isLast: Bool = true) -> [UInt8] {
        frame([channel] + Array(text.utf8), opcode: opcode, isLast: isLast)
    }

    private static func frame(_ payload: [UInt8], opcode: UInt8 = 2, isLast: Bool = true) -> [UInt8] {
        let head = (isLast ? 0x80 : 0) | opcode
        if payload.count < 126 { return [head, UInt8(payload.count)] + payload }
        if payload.count < 65_536 {
            return [head, 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)] + payload
        }
        return [head, 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (8 * (7 - $0))) } + payload
    }

    private static let close = frame([0x03, 0xe8], opcode: 8)
    private static let success = frame(3, #"{"metadata":{},"status":"Success"}"#)

    private static func server(
        _ frames: [UInt8], speaks version: String = "v5.channel.k8s.io", key wrong: String? = nil
    ) throws -> StandInServer {
        let server = try StandInServer()
        server.on(path) { request in
            let key = (request.headers["sec-websocket-key"] ?? "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            let accept = Data(Insecure.SHA1.hash(data: Data(key.utf8))).base64EncodedString()
            let head = [
                "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
                "Sec-WebSocket-Accept: \(wrong ?? accept)", "Sec-WebSocket-Protocol: \(version)",
            ]
            return Answer(body: .raw(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + frames))
        }
        return server
    }

    private func exec(
        _ server: StandInServer, input: [UInt8]? = nil, for purpose: Purpose = .change, onlyLooks: Bool = false,
        limit: Int = ExecLimits.output, patience: Duration = .seconds(10)
    ) async throws -> ExecResult {
        try await LogNode.access(server.url(""), patience: patience, for: purpose).exec(
            pod: "api-0", container: "api", command: ["redis-cli", "a b&c", "ü"], input: input, onlyLooks: onlyLooks,
            outputLimit: limit)
    }

    private func cause(_ body: () async throws -> ExecResult) async throws -> Cause? {
        do {
            _ = try await body()
            return nil
        } catch let error as CouldNotLook { return error.cause }
    }

    @Test func bothStreamsAndTheExitCodeCome() async throws {
        let frames = Self.frame(1, "out ") + Self.frame(2, "err") + Self.frame(1, "put") + Self.success + Self.close
        let server = try Self.server(frames)
        let result = try await exec(server)
        #expect(String(decoding: result.standardOutput, as: UTF8.self) == "out put")
        #expect(String(decoding: result.standardError, as: UTF8.self) == "err")
        #expect(result.exitCode == 0 && !result.outputIsCut)
        let request = try #require(server.requests.first)
        #expect(
            request.target
                == Self.path
                + "?container=api&stdout=true&stderr=true&command=redis-cli&command=a%20b%26c&command=%C3%BC")
        #expect(request.headers["sec-websocket-protocol"] == "v5.channel.k8s.io, v4.channel.k8s.io")
    }

    @Test func aCommandThatFailsSaysItsCode() async throws {
        let status = """
            {"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code",
            "reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"42"}]}}
            """
        // Also in pieces, with a ping between them.
        let bytes = [3] + Array(status.utf8)
        let pieces =
            Self.frame(Array(bytes.prefix(50)), isLast: false) + Self.frame([1, 2], opcode: 9)
            + Self.frame(Array(bytes.dropFirst(50)), opcode: 0)
        let server = try Self.server(pieces + Self.close, speaks: "v4.channel.k8s.io")
        #expect(try await exec(server).exitCode == 42)
    }

    @Test func outputIsBounded() async throws {
        let frames = (0..<50).flatMap { _ in Self.frame(1, String(repeating: "x", count: 30_000)) }
        let server = try Self.server(frames + Self.success + Self.close)
        let result = try await exec(server, limit: 100_000)
        #expect(result.standardOutput.count == 100_000 && result.outputIsCut && result.exitCode == 0)
    }

    /// Whatever was written before: without the status nobody knows.
    @Test func anEndWithoutAStatusIsNoSuccess() async throws {
        for frames in [Self.frame(1, "all well"), Self.frame(1, "all well") + Self.close, [], Self.frame(3, "{\"sta")] {
            let server = try Self.server(frames)
            #expect(try await cause { try await exec(server) }?.code == .perhapsApplied)
        }
    }

    @Test func aProgramThatIsNotThereIsNoExitCode() async throws {
        let status = """
            {"metadata":{},"status":"Failure","reason":"InternalError","message":"OCI runtime exec failed: exec: \
            \\"nope\\": executable file not found in $PATH: unknown","code":500}
            """
        let server = try Self.server(Self.frame(3, status) + Self.close)
        #expect(try await cause { try await exec(server) }?.code == .notFound)
    }

    @Test(arguments: [
        (403, "Forbidden", Cause.Code.noPermission), (404, "NotFound", .notFound), (400, "BadRequest", .rejected),
        (500, "InternalError", .serverError),
    ])
    func aRefusedUpgradeIsTheAPIsOwnError(_ code: Int, _ reason: String, _ expected: Cause.Code) async throws {
        let server = try StandInServer()
        server.on(Self.path, .json(LogNode.status(code, reason, "no \"pods/exec\""), status: code))
        do {
            _ = try await exec(server)
            Issue.record("it ran")
        } catch let failure as KubernetesFailure {
            #expect(failure.code == code && failure.reason.rawValue == reason && failure.isStatus)
            #expect(failure.cause.code == expected)
        }
    }

    @Test func anAnswerThatIsNoUpgradeIsNone() async throws {
        let plain = try StandInServer()
        plain.on(Self.path, Answer(status: 200, body: "hello"))
        await #expect(throws: KubernetesFailure.self) { try await exec(plain) }
        let wrongKey = try Self.server(Self.success, key: "AAAA")
        #expect(try await cause { try await exec(wrongKey) } != nil)
        let other = try Self.server(Self.success + Self.close, speaks: "channel.k8s.io")
        #expect(try await cause { try await exec(other) }?.code == .notSupported)
        let garbage = try StandInServer()
        garbage.on(Self.path, Answer(body: .raw(Array("SSH-2.0-x\r\n".utf8))))
        #expect(try await cause { try await exec(garbage) } != nil)
    }

    @Test func inputNeedsAnEnd() async throws {
        let old = try Self.server(Self.success + Self.close, speaks: "v4.channel.k8s.io")
        #expect(try await cause { try await exec(old, input: [1]) }?.code == .notSupported)
        #expect(
            ExecStreams.input(Array(repeating: 7, count: 40_000)).map(\.count) == [32_769, 7233, 2])
        #expect(ExecStreams.input([]) == [[255, 0]])
    }

    @Test func hostileFramesEnd() async throws {
        let huge = try Self.server([0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0])
        #expect(try await cause { try await exec(huge) } != nil)
        let channel = try Self.server(Self.frame(77, "x"))
        #expect(try await cause { try await exec(channel) }?.code == .malformed)
        let endless = try Self.server(
            (0..<200).flatMap { Self.frame(Array(repeating: 3, count: 10_000), opcode: $0 == 0 ? 2 : 0, isLast: false) }
        )
        #expect(try await cause { try await exec(endless) } != nil)
    }

    @Test func deadlineAndCancellationArePrompt() async throws {
        let server = try StandInServer()
        server.on(Self.path, Answer(body: .silence))
        let begun = Host.system.steady()
        #expect(try await cause { try await exec(server, patience: .milliseconds(200)) }?.code == .timedOut)
        let task = Task { try await exec(server) }
        while server.requests.count < 2 { try? await Task.sleep(for: .milliseconds(2)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(Host.system.steady() - begun < .seconds(5))
        server.stop()
    }

    @Test func aLookMayNotRunWhatItDoesNotVouchFor() async throws {
        let server = try Self.server(Self.success + Self.close)
        #expect(try await cause { try await exec(server, for: .look) }?.code == .noPermission)
        #expect(server.requests.isEmpty)
        #expect(try await exec(server, for: .look, onlyLooks: true).exitCode == 0)
        let gone = try StandInServer()
        gone.stop()
        #expect(try await cause { try await exec(gone, patience: .seconds(5)) }?.code == .refused)
    }
}
