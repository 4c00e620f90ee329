public import Host
import Maintenance

/// A connection for a program's own records: its thread does one job after the other. A job is not cut short by the
/// task's cancellation, because what was begun must be known to be recorded or not.
public final class RecordConnection: Sendable {
    private let thread: ConnectionThread
    private let address: RecordAddress
    private let host: Host

    /// Nothing is connected until a job asks for it. Throws where the system has no room for a thread.
    public init(to address: RecordAddress, on host: Host) throws {
        thread = try ConnectionThread()
        self.address = address
        self.host = host
    }

    /// Hands a job to the thread and does not wait for it.
    public func enqueue(_ job: @escaping @Sendable (RecordSession) -> Void) {
        let (address, host) = (address, host)
        thread.enqueue { wire in job(RecordSession(wire: wire, settings: address.settings, host: host)) }
    }

    /// Does a job on the thread and waits for its end, cancelled or not.
    public func perform<Value: Sendable>(_ job: @escaping @Sendable (RecordSession) -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            enqueue { continuation.resume(returning: job($0)) }
        }
    }

    /// Does a job on the thread; the caller is let go as soon as it is cancelled.
    public func tryTo<Value: Sendable>(
        _ job: @escaping @Sendable (RecordSession) throws -> Value
    ) async throws -> Value {
        let ticket = Ticket<Value>()
        let (address, host, thread) = (address, host, thread)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                ticket.attach(continuation)
                thread.enqueue { wire in
                    guard !ticket.isSettled else { return }
                    let session = RecordSession(
                        wire: wire, settings: address.settings, host: host, isAbandoned: { ticket.isSettled })
                    ticket.settle(Result { try job(session) })
                }
            }
        } onCancel: {
            ticket.settle(.failure(CancellationError()))
            thread.wake()
        }
    }
}
