import Glibc
import Maintenance
import NIOCore
import NIOPosix
import NIOSSL

/// Why no handshake came about.
enum TLSFailure: Error, Hashable {
    case refused
    case unreachable(String)
    case timedOut
    case lost
    /// The server ended the handshake with an alert.
    case alert(String)
    /// What came is not TLS.
    case notTLS
    /// We ended it: what the server sent breaks the protocol's rules.
    case broken(String)
    case badServerName

    init(_ error: any Error) {
        switch error {
        case let error as TLSFailure: self = error
        case let error as NIOConnectionError:
            self = error.connectionErrors.last.map { TLSFailure($0.error) } ?? .unreachable("its name is not known")
        case let error as IOError: self.init(errno: error.errnoCode)
        case ChannelError.connectTimeout: self = .timedOut
        case NIOSSLError.handshakeFailed(.sslError(let stack)):
            self.init(reasons: stack.map(\.description))
        case is NIOSSLExtraError: self = .badServerName
        case NIOSSLError.handshakeFailed: self = .broken("handshake failed")
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

    /// BoringSSL writes `error:…:SSL routines:OPENSSL_internal:SSLV3_ALERT_HANDSHAKE_FAILURE at FILE:LINE`.
    private init(reasons: [String]) {
        if reasons.contains(where: { $0.contains("EOF during handshake") }) {
            self = .lost
            return
        }
        let names = reasons.compactMap { reason in
            reason.prefix(upTo: reason.firstRange(of: " at ")?.lowerBound ?? reason.endIndex).split(separator: ":").last
                .map(String.init)
        }
        guard let name = names.first else {
            self = .broken("handshake failed")
            return
        }
        switch name {
        case "WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "DATA_LENGTH_TOO_LONG",
            "ENCRYPTED_LENGTH_TOO_LONG":
            self = .notTLS
        case let name where name.contains("ALERT") || name.hasPrefix("TLSV1_") || name.hasPrefix("SSLV3_"):
            self = .alert(Self.words(name))
        default: self = .broken(Self.words(name))
        }
    }

    /// `SSLV3_ALERT_HANDSHAKE_FAILURE` as `handshake failure`.
    private static func words(_ name: String) -> String {
        var rest = name
        for prefix in ["SSLV3_", "TLSV1_", "ALERT_"] where rest.hasPrefix(prefix) { rest.removeFirst(prefix.count) }
        return rest.lowercased().split(separator: "_").prefix(8).joined(separator: " ")
    }

    /// The cause of an `unknown`, where it says nothing of the certificate; nil where the server itself is at fault.
    func couldNotLook(at identity: String) -> CouldNotLook? {
        switch self {
        case .refused:
            CouldNotLook(.refused, "\(identity) refuses the connection: is the server running, and is the port right?")
        case .unreachable(let reason):
            CouldNotLook(.unreachable, "\(identity) cannot be reached (\(reason)): check the name and the network.")
        case .timedOut:
            CouldNotLook(
                .timedOut, "\(identity) did not finish the TLS handshake in time: check the network and the server.")
        case .lost:
            CouldNotLook(
                .connectionLost, "\(identity) closed the connection during the TLS handshake: check the server.")
        case .badServerName:
            CouldNotLook(
                .malformed, "The server name for \(identity) is none that TLS can ask for: check `server-name`.")
        case .alert, .notTLS, .broken: nil
        }
    }
}
