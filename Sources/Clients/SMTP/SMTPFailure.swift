import Glibc
import Maintenance
import NIOCore
import NIOPosix
import NIOSSL

/// What went wrong while a message was handed over, before it is said where.
enum SMTPFailure: Error, Hashable {
    case refused
    case unreachable(String)
    case timedOut
    case lost
    case tls(String)
    case noStartTLS
    case noSignIn
    case malformed(String)
    case authorityFile(String)
    /// The server said no.
    case answered(SMTPReply, to: String)

    /// Trying again may help.
    var mayRetry: Bool {
        switch self {
        case .refused, .unreachable, .timedOut, .lost: true
        case .answered(let reply, _): reply.isTransient
        case .tls, .noStartTLS, .noSignIn, .malformed, .authorityFile: false
        }
    }

    func cause(at identity: String) -> Cause {
        switch self {
        case .refused:
            Cause(.refused, "\(identity) refuses the connection: is the server running, and is the port right?")
        case .unreachable(let reason):
            Cause(.unreachable, "\(identity) cannot be reached (\(reason)): check the name and the network.")
        case .timedOut: Cause(.timedOut, "\(identity) did not answer in time.")
        case .lost: Cause(.connectionLost, "\(identity) closed the connection.")
        case .tls(let reason):
            Cause(.tlsFailed, "No TLS session with \(identity) (\(reason)): check its certificate, `tls` and `ca`.")
        case .noStartTLS:
            Cause(
                .tlsFailed,
                "\(identity) offers no STARTTLS, and nothing is sent in clear: use `tls: implicit`, or `tls: none` where "
                    + "the way to it is trusted.")
        case .noSignIn:
            Cause(.signInFailed, "\(identity) offers neither AUTH PLAIN nor AUTH LOGIN: check the port and `user`.")
        case .malformed(let what): Cause(.malformed, "\(identity) sent \(what): is it a mail server?")
        case .authorityFile(let reason):
            Cause(.malformed, "The file of authorities (`ca`) for \(identity) cannot be used: \(reason).")
        case .answered(let reply, let command):
            Cause(
                command == "AUTH" ? .signInFailed : reply.isTransient ? .busy : .rejected,
                "\(identity) answered \(command) with `\(reply.shown)`.")
        }
    }
}

extension SMTPFailure {
    /// What an error of the network layers means.
    init(_ error: any Error) {
        switch error {
        case let error as SMTPFailure: self = error
        case let error as NIOConnectionError:
            if let failed = error.connectionErrors.last {
                self.init(failed.error)
            } else {
                self = .unreachable("its name is not known")
            }
        case let error as IOError: self.init(errno: error.errnoCode)
        case ChannelError.connectTimeout: self = .timedOut
        case let error as NIOSSLError: self.init(tls: error)
        case is NIOSSLExtraError: self = .tls("its certificate is for another name")
        case is BoringSSLError: self = .tls("the handshake failed")
        default: self = .lost
        }
    }

    private init(errno code: CInt) {
        switch code {
        case ECONNREFUSED: self = .refused
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN, EADDRNOTAVAIL: self = .unreachable("no route to it")
        case ETIMEDOUT: self = .timedOut
        default: self = .lost
        }
    }

    private init(tls error: NIOSSLError) {
        switch error {
        case .handshakeFailed(.sslError(let stack)):
            let text = stack.map(\.description).joined(separator: " ")
            if text.contains("CERTIFICATE_VERIFY_FAILED") {
                self = .tls("its certificate is not trusted")
            } else if text.contains("WRONG_VERSION_NUMBER") {
                self = .tls("it does not begin with TLS on this port")
            } else if text.contains("EOF during handshake") {
                self = .lost
            } else {
                self = .tls("the handshake failed")
            }
        case .handshakeFailed: self = .tls("the handshake failed")
        case .uncleanShutdown: self = .lost
        default: self = .tls("the session failed")
        }
    }
}
