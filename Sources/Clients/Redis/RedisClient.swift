import Host
import Maintenance
import NIOCore
import Synchronization

/// The connections of one target, shared by a run's steps: one for looking, one for changing, and beside each one that
/// measures whether the work is felt; each is opened at the first need and again after a loss. Batches of several steps
/// follow each other on one connection.
public final class RedisClient: Sendable {
    private struct Line: Hashable {
        let purpose: Purpose
        /// A node of the target's cluster, where it is not the server that the target names.
        let node: RedisNode?
        var isBeside = false
    }

    private enum Slot {
        case connecting(EventLoopFuture<RedisConnection>, attempt: Int)
        case open(RedisConnection)
    }

    private struct State {
        var slots: [Line: Slot] = [:]
        var attempts = 0
        var isClosed = false
    }

    private let connectors: [Purpose: RedisConnector]
    private let host: Host
    private let receipts = RedisReceipts()
    private let state = Mutex(State())

    init(look: RedisConnector?, change: RedisConnector?, on host: Host) {
        var connectors: [Purpose: RedisConnector] = [:]
        connectors[.look] = look
        connectors[.change] = change
        self.connectors = connectors
        self.host = host
    }

    /// The small type that an access is made with; a test makes its own.
    var link: RedisLink { link(to: nil) }

    private func link(to node: RedisNode?) -> RedisLink {
        RedisLink(
            send: { [self] commands, purpose, deadline in
                try await send(commands, on: Line(purpose: purpose, node: node), until: deadline)
            },
            facts: { [self] purpose, deadline in
                try await connection(for: Line(purpose: purpose, node: node), until: deadline).facts
            },
            sendBeside: { [self] commands, purpose, deadline in
                try await send(commands, on: Line(purpose: purpose, node: node, isBeside: true), until: deadline)
            },
            node: { [self] in link(to: $0) }, receipts: receipts)
    }

    func close() {
        let slots = state.withLock { state in
            state.isClosed = true
            defer { state.slots = [:] }
            return state.slots
        }
        for case .open(let connection) in slots.values { connection.close() }
    }

    /// A look is asked again once when the connection turns out to be lost; a change never, for it may have been done.
    private func send(
        _ commands: [RedisCommand], on line: Line, until deadline: Duration
    ) async throws -> [RedisValue] {
        var isSecond = false
        while true {
            let connection = try await connection(for: line, until: deadline)
            do {
                return try await wait(for: connection.send(commands), until: deadline, timedOut: .timedOut)
            } catch {
                leave(connection, line)
                guard case RedisFailure.lost = error, line.purpose == .look, !isSecond else {
                    throw said(error, on: line)
                }
                isSecond = true
            }
        }
    }

    /// Nobody uses the connection any more, from now on: replies may still come, and only a new one can tell them from
    /// the next ones.
    private func leave(_ connection: RedisConnection, _ line: Line) {
        state.withLock { state in
            if case .open(let open) = state.slots[line], open === connection { state.slots[line] = nil }
        }
        connection.close()
    }

    private func connection(for line: Line, until deadline: Duration) async throws -> RedisConnection {
        do {
            return try await wait(for: future(for: line), until: deadline, timedOut: .connectTimedOut)
        } catch {
            throw said(error, on: line)
        }
    }

    private func said(_ error: any Error, on line: Line) -> any Error {
        switch error {
        case let failure as RedisFailure:
            failure.couldNotLook(at: connectors[line.purpose]?.to(line.node).identity ?? "redis")
        default: error
        }
    }

    /// The connection, or the attempt that is under way: those who come meanwhile wait for the same one.
    private func future(for line: Line) throws -> EventLoopFuture<RedisConnection> {
        guard let connector = connectors[line.purpose]?.to(line.node) else { throw RedisFailure.lost }
        let (future, started) = try state.withLock { state in
            guard !state.isClosed else { throw RedisFailure.lost }
            switch state.slots[line] {
            case .connecting(let future, _): return (future, Int?.none)
            case .open(let connection) where connection.isOpen: return (connection.asFuture, nil)
            case .open, nil:
                let future = connector.connect()
                state.attempts += 1
                state.slots[line] = .connecting(future, attempt: state.attempts)
                return (future, state.attempts)
            }
        }
        if let started { future.whenComplete { [weak self] in self?.settle(line, attempt: started, $0) } }
        return future
    }

    private func settle(_ line: Line, attempt: Int, _ result: Result<RedisConnection, any Error>) {
        let isWanted = state.withLock { state in
            guard case .connecting(_, attempt) = state.slots[line] else { return false }
            state.slots[line] = (try? result.get()).map(Slot.open)
            return true
        }
        if !isWanted { try? result.get().close() }
    }

    /// Waits no longer than the deadline, and not at all once the task is cancelled.
    private func wait<Value: Sendable>(
        for future: EventLoopFuture<Value>, until deadline: Duration, timedOut: RedisFailure
    ) async throws -> Value {
        let remaining = deadline - host.steady()
        guard remaining > .zero else { throw timedOut }
        // An own promise: a connection attempt goes on for those who still wait for it.
        let promise = future.eventLoop.makePromise(of: Value.self)
        future.cascade(to: promise)
        let sleep = host.sleep
        return try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await sleep(remaining)
                    promise.fail(timedOut)
                }
                defer { group.cancelAll() }
                return try await promise.futureResult.get()
            }
        } onCancel: {
            promise.fail(CancellationError())
        }
    }
}

extension RedisConnection {
    var asFuture: EventLoopFuture<RedisConnection> { eventLoop.makeSucceededFuture(self) }
}
