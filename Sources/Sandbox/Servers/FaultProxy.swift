import Foundation
import Synchronization

/// A TCP proxy in front of a server on the loopback, which misbehaves when told to.
public final class FaultProxy: Sendable {
    /// What happens to new connections.
    public enum Connection: Sendable, Equatable {
        case forward
        /// Nobody listens.
        case refuse
        /// Accepted, and never a word.
        case hang
        /// Accepted and closed at once; or, when `reset`, reset at the first byte.
        case close(reset: Bool)
        /// These bytes instead of the server's, then the end.
        case garbage([UInt8])
        /// These bytes over and over.
        case endless([UInt8])
    }

    /// How the proxy treats what goes through it.
    public struct Behaviour: Sendable, Equatable {
        public var connection: Connection
        /// Added on the way to the server and on the way back.
        public var latencyToServer: Duration
        public var latencyToClient: Duration
        /// What comes after this many bytes from the server, counted for each connection.
        public var after: (bytes: Int, event: Event)?

        /// An end in the middle.
        public enum Event: Sendable, Equatable {
            /// Reset both sides.
            case cut
            /// Send the client an end of stream, and go on reading from it.
            case halfClose
            /// Say nothing more, and keep the connection open.
            case stall
        }

        public init(
            connection: Connection = .forward, latencyToServer: Duration = .zero, latencyToClient: Duration = .zero,
            after: (bytes: Int, event: Event)? = nil
        ) {
            self.connection = connection
            self.latencyToServer = latencyToServer
            self.latencyToClient = latencyToClient
            self.after = after
        }

        public static let forward = Behaviour()
        public static let refuse = Behaviour(connection: .refuse)
        public static let hang = Behaviour(connection: .hang)

        public static func latency(_ roundTrip: Duration) -> Behaviour {
            Behaviour(latencyToServer: roundTrip / 2, latencyToClient: roundTrip / 2)
        }

        public static func == (left: Behaviour, right: Behaviour) -> Bool {
            left.connection == right.connection && left.latencyToServer == right.latencyToServer
                && left.latencyToClient == right.latencyToClient && left.after?.bytes == right.after?.bytes
                && left.after?.event == right.after?.event
        }
    }

    public let port: Int
    private let server: Int
    private let state: Mutex<State>

    private struct State {
        var behaviour: Behaviour
        var listener: Int32
        var relays: [ObjectIdentifier: Relay] = [:]
        var accepted = 0
        var stopped = false
    }

    /// `port` 0 takes a free one.
    public init(to server: Int, port: Int = 0, behaviour: Behaviour = .forward) throws {
        self.server = server
        let listener = try Loopback.makeSocket()
        self.port = try Loopback.bind(listener, port: port)
        state = Mutex(State(behaviour: behaviour, listener: listener))
        if behaviour.connection != .refuse { listenOn(listener) }
    }

    deinit { stop() }

    /// Takes effect at once, for new connections; latency for those that exist too.
    public func set(_ behaviour: Behaviour) throws {
        let toListen: Int32? = try state.withLock { state in
            let refused = state.behaviour.connection == .refuse
            let refuses = behaviour.connection == .refuse
            state.behaviour = behaviour
            guard refused != refuses, !state.stopped else { return nil }
            if refuses {
                // The port stays bound, so that nobody else can take it meanwhile; without listen() it refuses.
                shutdown(state.listener, Int32(SHUT_RDWR))
                state.listener = try Loopback.makeSocket()
                _ = try Loopback.bind(state.listener, port: port)
                return nil
            }
            return state.listener
        }
        if let toListen { listenOn(toListen) }
    }

    public var behaviour: Behaviour { state.withLock { $0.behaviour } }

    /// How many connections were ever accepted, and how many are open.
    public var accepted: Int { state.withLock { $0.accepted } }
    public var open: Int { state.withLock { $0.relays.count } }

    /// Resets all open connections.
    public func dropConnections() {
        for relay in state.withLock({ Array($0.relays.values) }) { relay.end(reset: true) }
    }

    public func stop() {
        let isFirst = state.withLock { state in
            guard !state.stopped else { return false }
            state.stopped = true
            // Whoever listens closes; a socket that only holds the port has nobody.
            if state.behaviour.connection == .refuse {
                close(state.listener)
            } else {
                shutdown(state.listener, Int32(SHUT_RDWR))
            }
            return true
        }
        guard isFirst else { return }
        dropConnections()
    }

    private func listenOn(_ listener: Int32) {
        Loopback.listen(listener) { [weak self] client in
            guard let self else {
                close(client)
                return false
            }
            serve(client)
            return true
        }
    }

    private func serve(_ client: Int32) {
        Loopback.prompt(client)
        let behaviour = state.withLock { state in
            state.accepted += 1
            return state.behaviour
        }
        let relay = Relay(client: client, behaviour: { [weak self] in self?.behaviour ?? behaviour })
        state.withLock { $0.relays[ObjectIdentifier(relay)] = relay }
        relay.start(server: server, as: behaviour.connection) { [weak self, weak relay] in
            guard let relay else { return }
            self?.state.withLock { _ = $0.relays.removeValue(forKey: ObjectIdentifier(relay)) }
        }
    }
}
