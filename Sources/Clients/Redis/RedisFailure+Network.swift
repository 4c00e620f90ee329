import Glibc
import NIOCore
import NIOPosix
import NIOSSL

extension RedisFailure {
    /// What an error of the network layers means.
    init(_ error: any Error) {
        switch error {
        case let error as RedisFailure: self = error
        case let error as NIOConnectionError: self.init(connecting: error)
        case let error as IOError: self.init(errno: error.errnoCode)
        case ChannelError.connectTimeout: self = .connectTimedOut
        case let error as NIOSSLError: self.init(tls: error)
        case is NIOSSLExtraError: self = .tls("the name does not fit its certificate")
        case is BoringSSLError: self = .tls("the handshake failed")
        default: self = .lost
        }
    }

    private init(connecting error: NIOConnectionError) {
        if let failed = error.connectionErrors.last {
            self.init(failed.error)
        } else {
            self = .unreachable("its name is not known")
        }
    }

    private init(errno code: CInt) {
        switch code {
        case ECONNREFUSED: self = .refused
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN, EADDRNOTAVAIL: self = .unreachable("no route to it")
        case ETIMEDOUT: self = .connectTimedOut
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
                self = .tls("it does not speak TLS on this port")
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
