import Host
import Maintenance

/// One slot of a pool: a thread with a connection that is opened when a job first needs it.
final class Connection: Sendable {
    private let thread: ConnectionThread
    private let host: Host

    init(on host: Host) throws(CouldNotLook) {
        thread = try ConnectionThread()
        self.host = host
    }

    /// Does a job on the connection's thread. The caller is let go as soon as it is cancelled; the thread then ends
    /// what is still going on before it takes the next job.
    func run<Value: Sendable>(
        until deadline: Duration, _ job: @escaping @Sendable (Wire, CallBounds) throws -> Value
    ) async throws -> Value {
        let ticket = Ticket<Value>()
        let bounds = CallBounds(deadline: deadline, steady: host.steady, isAbandoned: { ticket.isSettled })
        let thread = thread
        let steady = host.steady
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                ticket.attach(continuation)
                thread.enqueue { wire in
                    guard !ticket.isSettled else { return }
                    let outcome = Result { try Self.perform(job, wire, bounds) }
                    // A success leaves a transaction open where the job meant to; a failure leaves nothing.
                    if case .failure = outcome {
                        ticket.settle(outcome)
                        wire.settle(steady, after: deadline)
                    } else if ticket.isSettled {
                        wire.settle(steady, after: deadline)
                    }
                    ticket.settle(outcome)
                }
            }
        } onCancel: {
            ticket.settle(.failure(CancellationError()))
            thread.wake()
        }
    }

    /// Hangs up; what is still open there is rolled back by the server.
    func disconnect() {
        thread.enqueue { $0.disconnect() }
    }

    /// Gives every error that a job ends with its public form.
    static func perform<Value>(
        _ job: (Wire, CallBounds) throws -> Value, _ wire: Wire, _ bounds: CallBounds
    ) throws -> Value {
        do {
            return try job(wire, bounds)
        } catch let error as ServerError {
            let failure = error.failure(of: wire.identity)
            // A server that ends the connection leaves open what became of the statement.
            if ["57P", "08", "25P03"].contains(where: failure.state.hasPrefix) { throw CouldNotLook(failure.cause) }
            throw failure
        } catch Interruption.deadline {
            throw CouldNotLook(.timedOut, "\(wire.identity) did not answer in time.")
        } catch Interruption.abandoned {
            throw CancellationError()
        }
    }
}
