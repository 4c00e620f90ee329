import Glibc
import Host
import Journal
import Synchronization

/// A file that is read or written line by line, off the cooperative pool.
final class LineFile: Sendable {
    private struct State {
        var descriptor: Int32
        var waiting: [UInt8] = []
        /// Where in what waits the next line begins.
        var start = 0
        var isAtEnd = false
    }

    private enum Answer {
        case line([UInt8])
        case end
        case failure(JournalError)
    }

    private static let chunk = 1 << 20
    /// A line holds at most one attachment, in base64.
    private static let longest = JournalLimits.body / 3 * 4 + chunk

    private let path: String
    private let state: Mutex<State>

    init(descriptor: Int32, path: String) {
        self.path = path
        state = Mutex(State(descriptor: descriptor))
    }

    deinit { state.withLock { _ = close($0.descriptor) } }

    /// The next line without its end; nil after the last.
    func next() async throws(JournalError) -> [UInt8]? {
        let answer = await OffPool.finish { self.state.withLock { self.next(&$0) } }
        switch answer {
        case .line(let line): return line
        case .end: return nil
        case .failure(let error): throw error
        }
    }

    func write(_ bytes: [UInt8]) async throws(JournalError) {
        let isDone = await OffPool.finish {
            self.state.withLock { state in
                state.waiting += bytes
                return state.waiting.count < Self.chunk || Self.flush(&state)
            }
        }
        guard isDone else { throw failure("written") }
    }

    /// Everything is on disk when this returns.
    func finish() async throws(JournalError) {
        let isDone = await OffPool.finish {
            self.state.withLock { Self.flush(&$0) && fsync($0.descriptor) == 0 }
        }
        guard isDone else { throw failure("written") }
    }

    private func next(_ state: inout State) -> Answer {
        while true {
            if let end = state.waiting[state.start...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { state.start = end + 1 }
                return .line(Array(state.waiting[state.start..<end]))
            }
            state.waiting.removeFirst(state.start)
            state.start = 0
            if state.isAtEnd {
                return state.waiting.isEmpty ? .end : .failure(failure("read: its last line is cut off"))
            }
            guard state.waiting.count <= Self.longest else { return .failure(failure("read: a line has no end")) }
            var chunk = [UInt8](repeating: 0, count: Self.chunk)
            let count = read(state.descriptor, &chunk, chunk.count)
            guard count >= 0 else { return .failure(failure("read")) }
            state.isAtEnd = count == 0
            state.waiting += chunk[..<count]
        }
    }

    private static func flush(_ state: inout State) -> Bool {
        var rest = state.waiting[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(state.descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        state.waiting = []
        return true
    }

    private func failure(_ deed: String) -> JournalError {
        JournalError(.unreadable, "The file \(path) could not be \(deed).")
    }
}
