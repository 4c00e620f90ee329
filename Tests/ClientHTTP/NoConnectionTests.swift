import AsyncHTTPClient
import Glibc
import Host
import Maintenance
import NIOCore
import Sandbox
import Testing

@testable import ClientHTTP

/// Whether something was sent is told by the cause: without a connection nothing was.
struct NoConnectionTests {
    private func cause(of error: any Error, at transport: HTTPTransport) async -> Cause {
        await HTTPFailure(transport: transport, status: nil, statement: "POST /hook").cause(of: error)
    }

    @Test func theDeadlinePassesBeforeAConnection() async throws {
        let hanging = try FaultProxy(to: 1, behaviour: .hang)
        let full = try FullListener()
        for url in ["https://127.0.0.1:\(hanging.port)/", "http://127.0.0.1:\(full.port)/"] {
            let cause = try await Endpoint(url).cause(patience: .milliseconds(500))
            #expect(cause?.code == .timedOut, "\(url)")
            #expect(cause?.sentence.contains("no connection came about") == true, "\(cause?.sentence ?? "")")
        }
    }

    @Test func connectingTakesTooLong() async throws {
        let transport = HTTPTransport(try HTTPEndpoint(url: "https://hooks.example.com/"), on: .system)
        for error in [
            HTTPClientError.connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout,
        ] {
            #expect(await cause(of: error, at: transport).code == .unreachable, "\(error)")
        }
        for code in [ETIMEDOUT, ECONNRESET, EHOSTUNREACH] {
            let error = IOError(errnoCode: code, reason: "connect")
            #expect(await cause(of: error, at: transport).code == .unreachable, "\(code)")
        }
        #expect(!transport.hasConnected)
    }

    /// The kernel may say so when it has given up sending again what was sent.
    @Test func aConnectionThatStoodIsLost() async throws {
        let server = try StandInServer()
        server.otherwise { _ in Answer(body: "ok") }
        let transport = HTTPTransport(try HTTPEndpoint(url: server.url()), on: .system)
        _ = try await transport.send(HTTPCall("GET", "/"), in: Endpoint(server.url()).context())
        for (code, expected) in [
            (ETIMEDOUT, Cause.Code.timedOut), (EHOSTUNREACH, .connectionLost), (ECONNRESET, .connectionLost),
        ] {
            #expect(await cause(of: IOError(errnoCode: code, reason: "read"), at: transport).code == expected)
        }
        #expect(transport.hasConnected)
        await transport.close()
    }
}

/// A port whose queue is full: who connects to it waits.
private final class FullListener {
    let port: Int
    private let sockets: [CInt]

    init() throws {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 0) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isListening else { throw CouldNotLook(.unexpected, "No port to listen on.") }
        port = Int(UInt16(bigEndian: address.sin_port))
        var sockets = [listener]
        for _ in 0..<4 {
            let waiting = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
            withUnsafePointer(to: &address) { address in
                address.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(waiting, $0, length) }
            }
            sockets.append(waiting)
        }
        self.sockets = sockets
    }

    deinit { for socket in sockets { close(socket) } }
}
