import AsyncHTTPClient
import Glibc
import Host
public import Maintenance
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

extension Cause.Code {
    /// This machine's own network or resolver does not work, which says nothing of the endpoint.
    public static let networkDown = Cause.Code(rawValue: "network-down")
}

/// Finds the cause of a request that brought no whole answer.
struct HTTPFailure {
    let transport: HTTPTransport
    /// Of the answer, where it began.
    let status: Int?
    let statement: String

    func cause(of error: any Error) async -> Cause {
        switch error {
        case let error as CouldNotLook: return error.cause
        case is Exchange.DeadlinePassed: return timedOut
        case is Exchange.Silent:
            return Cause(.timedOut, "\(place) sent nothing more in its answer to \(statement), and did not end it.")
        case let error as Exchange.BodyTooLarge:
            return Cause(.tooLarge, "\(place) answered more than \(error.limit) bytes; the rest was not read.")
        case let error as NIOConnectionError: return await connecting(error)
        case let error as IOError where !transport.hasConnected: return connecting(error.errnoCode)
        // Over a connection that stands, no error says that nothing was sent.
        case let error as IOError: return error.errnoCode == ETIMEDOUT ? timedOut : lost
        case is ChannelError: return lost
        case HTTPParserError.invalidEOFState: return lost
        case let error as HTTPParserError:
            return Cause(.malformed, "\(place) did not answer in HTTP: \(Self.words(of: error)).")
        case let error as HTTPClientError: return client(error)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: return await tls(error)
        default: return Cause(.unexpected, "\(place) could not be asked: \(type(of: error)).")
        }
    }

    private var base: BaseURL { transport.endpoint.base }
    private var place: String { base.identity }

    /// What a connection is given was over, which tells more than that a shorter deadline was.
    private var notConnected: Cause { Cause(.unreachable, "No connection to \(place) came about in time.") }

    private var timedOut: Cause {
        if let status {
            return Cause(.timedOut, "\(statement) at \(place) began to answer (\(status)) and did not end in time.")
        }
        let reason = transport.hasConnected ? "" : ": no connection came about"
        return Cause(.timedOut, "\(statement) at \(place) was not answered in time\(reason).")
    }

    private var lost: Cause {
        if status != nil {
            return Cause(.connectionLost, "\(place) closed the connection in the midst of its answer to \(statement).")
        }
        return Cause(.connectionLost, "\(place) closed the connection without an answer to \(statement).")
    }

    private func client(_ error: HTTPClientError) -> Cause {
        switch error {
        case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout: notConnected
        case .readTimeout, .writeTimeout, .deadlineExceeded: timedOut
        case .remoteConnectionClosed, .uncleanShutdown, .cancelled, .requestStreamCancelled, .bodyLengthMismatch: lost
        case .alreadyShutdown: Cause(.connectionLost, "The connections to \(place) were closed already.")
        default: Cause(.unexpected, "\(place) could not be asked: \(error.shortDescription).")
        }
    }

    private func connecting(_ error: NIOConnectionError) async -> Cause {
        if error.connectionErrors.isEmpty, let failure = error.dnsAError ?? error.dnsAAAAError {
            guard let unknown = failure as? SocketAddressError.UnknownHost, unknown.errorCode == EAI_NONAME else {
                return Cause(.networkDown, "The name \(base.host) could not be resolved: the resolver gave no answer.")
            }
            return Cause(.unreachable, "The name \(base.host) does not exist.")
        }
        // The file of authorities is read while connecting.
        if let error = error.connectionErrors.lazy.map(\.error).first(where: {
            $0 is NIOSSLError || $0 is BoringSSLError
        }) {
            return await tls(error)
        }
        let codes = error.connectionErrors.compactMap { ($0.error as? IOError)?.errnoCode }
        // Of several addresses the one that refused says most.
        if let code = codes.first(where: { $0 == ECONNREFUSED }) ?? codes.last { return connecting(code) }
        if error.connectionErrors.contains(where: {
            if case ChannelError.connectTimeout = $0.error { true } else { false }
        }) {
            return notConnected
        }
        return Cause(.unreachable, "\(place) could not be reached.")
    }

    private func connecting(_ code: CInt) -> Cause {
        switch code {
        case ECONNREFUSED: Cause(.refused, "\(place) refused the connection: nothing listens there.")
        case ETIMEDOUT: notConnected
        case ENETUNREACH, ENETDOWN, EADDRNOTAVAIL:
            Cause(.networkDown, "This machine has no route to the network of \(base.host).")
        case EHOSTUNREACH, EHOSTDOWN: Cause(.unreachable, "There is no route to \(base.host).")
        case ECONNRESET, EPIPE, ECONNABORTED:
            Cause(.unreachable, "\(place) closed the connection while it was being made.")
        default: Cause(.unreachable, "\(place) could not be reached: \(String(cString: strerror(code))).")
        }
    }

    private func tls(_ error: any Error) async -> Cause {
        if let error = error as? NIOSSLError, error == .noSuchFilesystemObject || error == .failedToLoadCertificate {
            return Cause(
                .notFound, "The file of authorities (`ca`) could not be read; it must hold certificates in PEM.")
        }
        if status != nil { return lost }
        if let error = error as? NIOSSLError, error == .uncleanShutdown { return lost }
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            return Cause(
                .tlsFailed,
                "TLS with \(place): its certificate is not for the name \(transport.endpoint.expectedName ?? base.host)."
            )
        }
        let text = "\(error)"
        if text.contains("EOF during handshake") {
            return Cause(
                .tlsFailed,
                "TLS with \(place): it closed the connection during the handshake; perhaps it does not speak TLS.")
        }
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
            return Cause(.tlsFailed, "TLS with \(place): it does not speak TLS.")
        }
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            let reason = await RefusedCertificate(transport: transport).reason()
            return Cause(.tlsFailed, "TLS with \(place): \(reason)")
        }
        return Cause(.tlsFailed, "TLS with \(place) failed: no common protocol, or a broken handshake.")
    }

    private static func words(of error: HTTPParserError) -> String {
        switch error {
        case .headerOverflow: "its headers are too long"
        case .invalidContentLength, .unexpectedContentLength: "its content length is wrong"
        case .invalidChunkSize: "a chunk's size is wrong"
        default: "what came is no HTTP answer"
        }
    }
}
