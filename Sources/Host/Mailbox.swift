import Synchronization

/// Where the work in progress puts its events, and one reader takes all that have come at once: what waits together is
/// committed together.
public final class Mailbox<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        var reader: CheckedContinuation<[Message], Never>?
        var isClosed = false
    }

    private let state = Mutex(State())

    public init() {}

    /// False when nobody reads any more: the message went nowhere.
    @discardableResult
    public func post(_ message: Message) -> Bool {
        let (reader, isTaken): (CheckedContinuation<[Message], Never>?, Bool) = state.withLock { state in
            guard !state.isClosed else { return (nil, false) }
            guard let reader = state.reader else {
                state.messages.append(message)
                return (nil, true)
            }
            state.reader = nil
            return (reader, true)
        }
        reader?.resume(returning: [message])
        return isTaken
    }

    /// All messages that wait; waits for the first. One reader only.
    public func take() async -> [Message] {
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

    /// Takes no more; hands over what nobody will read.
    public func close() -> [Message] {
        state.withLock { state in
            defer { state.messages = [] }
            state.isClosed = true
            return state.messages
        }
    }
}
