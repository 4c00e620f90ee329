import Host
import Maintenance
import Synchronization

/// The few connections to one target, shared by all steps that use it at once; who finds none free waits in line.
final class ConnectionPool: Sendable {
    private struct Slot {
        let connection: Connection
        var settings: ConnectionSettings
    }

    private struct Waiter {
        let ticket: Ticket<Slot>
        let settings: ConnectionSettings
    }

    private struct State {
        var idle: [Slot] = []
        var count = 0
        var waiters: [Waiter] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let host: Host
    private let limit: Int

    init(on host: Host, limit: Int = PostgreSQLLimits.connections) {
        self.host = host
        self.limit = limit
    }

    /// Lends a connection. It is free again when the body ends, however it ends. A hung resolver or cancel request
    /// holds the thread, not the caller: shortly after the deadline the caller is let go.
    func withConnection<Value: Sendable>(
        for settings: ConnectionSettings, until deadline: Duration,
        _ body: @escaping @Sendable (Connection) async throws -> Value
    ) async throws -> Value {
        try await withDeadline(deadline, settings.identity) {
            let slot = try await self.acquire(settings)
            defer { self.release(slot) }
            return try await body(slot.connection)
        }
    }

    /// Hangs up on all idle connections, now and from now on.
    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        for slot in idle { slot.connection.disconnect() }
    }

    private func acquire(_ settings: ConnectionSettings) async throws -> Slot {
        try Task.checkCancellation()
        let ticket = Ticket<Slot>()
        let host = host
        let limit = limit
        try state.withLock { state in
            if let index = state.idle.firstIndex(where: { $0.settings == settings }) {
                ticket.settle(.success(state.idle.remove(at: index)))
            } else if state.count < limit {
                let slot = Slot(connection: try Connection(on: host), settings: settings)
                state.count += 1
                ticket.settle(.success(slot))
            } else if var slot = state.idle.popLast() {
                slot.settings = settings
                ticket.settle(.success(slot))
            } else {
                state.waiters.append(Waiter(ticket: ticket, settings: settings))
            }
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { ticket.attach($0) }
        } onCancel: {
            // Only a waiter in line can still be let go; a slot that is already given is used and released.
            let wasWaiting = state.withLock { state in
                let count = state.waiters.count
                state.waiters.removeAll { $0.ticket === ticket }
                return state.waiters.count < count
            }
            if wasWaiting { ticket.settle(.failure(CancellationError())) }
        }
    }

    private func release(_ slot: Slot) {
        let isClosed = state.withLock { state in
            if state.waiters.isEmpty {
                if !state.isClosed { state.idle.append(slot) }
                return state.isClosed
            }
            let waiter = state.waiters.removeFirst()
            waiter.ticket.settle(.success(Slot(connection: slot.connection, settings: waiter.settings)))
            return false
        }
        if isClosed { slot.connection.disconnect() }
    }

    private func withDeadline<Value: Sendable>(
        _ deadline: Duration, _ identity: String, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let left = deadline - host.steady()
        guard left > .zero else { throw CouldNotLook(.timedOut, "No time was left to ask \(identity).") }
        let host = host
        return try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await host.sleep(left + PostgreSQLLimits.grace)
                throw CouldNotLook(.timedOut, "\(identity) did not answer in time.")
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }
}
