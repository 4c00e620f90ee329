import Synchronization

/// Where the work in progress puts its events, and the driver takes all that have come at once: what waits together is
/// committed together.
final class Mailbox<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        var reader: CheckedContinuation<[Message], Never>?
    }

    private let state = Mutex(State())

    func post(_ message: Message) {
        let reader: CheckedContinuation<[Message], Never>? = state.withLock { state in
            guard let reader = state.reader else {
                state.messages.append(message)
                return nil
            }
            state.reader = nil
            return reader
        }
        reader?.resume(returning: [message])
    }

    /// All messages that wait; waits for the first. One reader only.
    func take() async -> [Message] {
        await withCheckedContinuation { continuation in
            let waiting: [Message] = state.withLock { state in
                guard !state.messages.isEmpty else {
                    state.reader = continuation
                    return []
                }
                defer { state.messages = [] }
                return state.messages
            }
            if !waiting.isEmpty { continuation.resume(returning: waiting) }
        }
    }
}
