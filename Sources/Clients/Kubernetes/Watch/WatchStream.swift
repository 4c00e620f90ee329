import ClientHTTP
import Host
import Maintenance
import Synchronization

/// One connection of a watch, read line by line.
final class WatchStream: Sendable {
    /// What came of waiting for a line.
    enum Next: Sendable {
        case line([UInt8])
        /// The server ended the watch, in good order.
        case end
        /// Nothing came for as long as was to be waited.
        case silence
    }

    private struct State {
        var pieces: HTTPChunks.AsyncIterator?
        var buffer: [UInt8] = []
        /// Where no line break was found yet.
        var searched = 0
    }

    private let state: Mutex<State>

    init(_ chunks: HTTPChunks) { state = Mutex(State(pieces: chunks.makeAsyncIterator())) }

    /// Throws `CouldNotLook` where the connection breaks off, or a line is longer than any event.
    func next(within patience: Duration, on host: Host) async throws -> Next {
        if let line = try line() { return .line(line) }
        return try await withThrowingTaskGroup(of: Next.self) { group in
            group.addTask {
                while let piece = try await self.piece() {
                    if let line = try self.line(after: piece) { return .line(line) }
                }
                return self.rest().map { .line($0) } ?? .end
            }
            group.addTask {
                try await host.sleep(patience)
                return .silence
            }
            defer { group.cancelAll() }
            return try await group.next() ?? .end
        }
    }

    private func piece() async throws -> [UInt8]? {
        guard var pieces = state.withLock({ state in state.pieces }) else { return nil }
        return try await pieces.next()
    }

    private func line(after piece: [UInt8] = []) throws -> [UInt8]? {
        try state.withLock { state in
            state.buffer += piece
            guard let end = state.buffer[state.searched...].firstIndex(of: 10) else {
                state.searched = state.buffer.count
                guard state.buffer.count <= KubernetesLimits.eventBytes else {
                    state.pieces = nil
                    state.buffer = []
                    throw CouldNotLook(
                        .tooLarge, "A watch sent a line of more than \(KubernetesLimits.eventBytes) bytes.")
                }
                return nil
            }
            let line = Array(state.buffer[..<end])
            state.buffer.removeSubrange(...end)
            state.searched = 0
            return line
        }
    }

    /// What stands after the last line break: whole, as far as it can be read.
    private func rest() -> [UInt8]? {
        state.withLock { state in
            defer { (state.buffer, state.searched) = ([], 0) }
            return state.buffer.isEmpty ? nil : state.buffer
        }
    }
}
