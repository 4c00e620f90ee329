import ClientHTTP
import Glibc
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
    private let limit: Int

    /// `limit`: bytes of a line.
    init(_ chunks: HTTPChunks, limit: Int) {
        state = Mutex(State(pieces: chunks.makeAsyncIterator()))
        self.limit = limit
    }

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
            guard let end = Self.lineBreak(in: state.buffer, from: state.searched) else {
                state.searched = state.buffer.count
                guard state.buffer.count <= limit else {
                    state.pieces = nil
                    state.buffer = []
                    throw CouldNotLook(.tooLarge, "A watch sent a line of more than \(limit) bytes.")
                }
                return nil
            }
            let line = Array(state.buffer[..<end])
            state.buffer.removeSubrange(...end)
            state.searched = 0
            return line
        }
    }

    private static func lineBreak(in bytes: [UInt8], from start: Int) -> Int? {
        bytes.withUnsafeBytes { all in
            let rest = all[start...]
            guard let base = all.baseAddress, !rest.isEmpty,
                let found = memchr(base + start, 10, rest.count)
            else { return nil }
            return UnsafeRawPointer(found) - base
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
