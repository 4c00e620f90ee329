import Glibc
import Host
import Maintenance

/// The connection as a job on its thread sees it. A server's error is an `SQLFailure`: what was sent did not take effect.
/// Every other error leaves open what became of it, and has hung up.
public struct RecordSession {
    private let wire: Wire
    private let settings: ConnectionSettings
    private let host: Host
    private let isAbandoned: @Sendable () -> Bool

    init(
        wire: Wire, settings: ConnectionSettings, host: Host, isAbandoned: @escaping @Sendable () -> Bool = { false }
    ) {
        self.wire = wire
        self.settings = settings
        self.host = host
        self.isAbandoned = isAbandoned
    }

    /// Connects where there is no living connection; true where it is a new one.
    public func open(until deadline: Duration) throws -> Bool {
        try bounded(deadline) { bounds in
            try wire.connect(to: settings, bounds)
            guard wire.server == nil else { return false }
            guard try !wire.describe(bounds).isPooled else {
                wire.disconnect()
                throw CouldNotLook(
                    .notSupported,
                    "\(settings.identity) is reached through a connection pooler, and the journal needs a session of its "
                        + "own. Give the address of the server itself.")
            }
            return true
        }
    }

    /// Runs statements in one round trip and as one transaction, unless they open one themselves.
    public func exchange(_ statements: [SQLStatement], until deadline: Duration) throws -> [Rows] {
        try bounded(deadline) {
            try wire.exchange(statements, caps: AnswerCaps(bytes: PostgreSQLLimits.recordBytes), $0)
        }
    }

    /// Waits until the session is notified of something; false when the time was up first.
    public func awaitNotification(until deadline: Duration) throws -> Bool {
        do throws(Interruption) {
            return try wire.awaitNotification(
                CallBounds(deadline: deadline, steady: host.steady, isAbandoned: isAbandoned))
        } catch {
            guard case .deadline = error else { throw CancellationError() }
            return false
        }
    }

    public func hangUp() { wire.disconnect() }

    /// Keeps the thread still.
    public func pause(_ duration: Duration) {
        poll(nil, 0, Int32(clamping: max(0, duration.microseconds / 1000)))
    }

    private func bounded<Value>(_ deadline: Duration, _ work: (CallBounds) throws -> Value) throws -> Value {
        let bounds = CallBounds(deadline: deadline, steady: host.steady, isAbandoned: isAbandoned)
        do {
            return try Connection.perform({ wire, bounds in try work(bounds) }, wire, bounds)
        } catch let failure as SQLFailure {
            wire.settle(host.steady, after: deadline)
            throw failure
        } catch {
            wire.disconnect()
            throw error
        }
    }
}
