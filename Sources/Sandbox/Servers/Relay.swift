import Foundation
import Synchronization

/// One connection through a `FaultProxy`.
final class Relay: Sendable {
    private let client: Int32
    private let behaviour: @Sendable () -> FaultProxy.Behaviour
    private let state = Mutex(State())

    private struct State {
        var server: Int32?
        var ended = false
        var closed = false
        var threads = 0
        var queues: [DelayQueue] = []
    }

    init(client: Int32, behaviour: @escaping @Sendable () -> FaultProxy.Behaviour) {
        self.client = client
        self.behaviour = behaviour
    }

    func start(server port: Int, as connection: FaultProxy.Connection, onEnd: @escaping @Sendable () -> Void) {
        switch connection {
        case .garbage(let bytes):
            run([{ self.answer(with: bytes, forever: false) }], onEnd)
        case .endless(let bytes):
            run([{ self.answer(with: bytes, forever: true) }], onEnd)
        case .hang:
            run([{ while !Loopback.receive(self.client).isEmpty {} }], onEnd)
        case .close(let reset):
            run([{ self.close(reset: reset) }], onEnd)
        case .forward, .refuse:
            guard let server = Loopback.connect(port: port) else {
                run([], onEnd)
                return
            }
            state.withLock { $0.server = server }
            run(lane(from: client, to: server, counted: false) + lane(from: server, to: client, counted: true), onEnd)
        }
    }

    /// Wakes every thread of the connection; the last one closes. A reset must send nothing before it, so the writers
    /// look at `ended` by themselves.
    func end(reset: Bool) {
        state.withLock { state in
            guard !state.closed else { return }
            state.ended = true
            for descriptor in [client, state.server].compactMap(\.self) {
                if reset { Loopback.resetAtClose(descriptor) }
                shutdown(descriptor, Int32(reset ? SHUT_RD : SHUT_RDWR))
            }
            state.queues.forEach { $0.close() }
        }
    }

    private func close(reset: Bool) {
        if reset {
            _ = Loopback.receive(client)
            end(reset: true)
        } else {
            shutdown(client, Int32(SHUT_WR))
            while !Loopback.receive(client).isEmpty {}
        }
    }

    private func run(_ works: [@Sendable () -> Void], _ onEnd: @escaping @Sendable () -> Void) {
        state.withLock { $0.threads = max(1, works.count) }
        guard !works.isEmpty else {
            leave(onEnd)
            return
        }
        for work in works {
            Thread.detachNewThread {
                work()
                self.leave(onEnd)
            }
        }
    }

    private func leave(_ onEnd: () -> Void) {
        let isLast = state.withLock { state in
            state.threads -= 1
            guard state.threads == 0 else { return false }
            state.closed = true
            Foundation.close(client)
            if let server = state.server { Foundation.close(server) }
            return true
        }
        if isLast { onEnd() }
    }

    /// A reader that stamps each piece with the time it is due, and a writer that keeps to it: so latency does not
    /// take bandwidth away.
    private func lane(from source: Int32, to sink: Int32, counted: Bool) -> [@Sendable () -> Void] {
        let queue = DelayQueue()
        state.withLock { $0.queues.append(queue) }
        let clock = ContinuousClock()
        let reader: @Sendable () -> Void = {
            while true {
                let bytes = Loopback.receive(source)
                let behaviour = self.behaviour()
                let latency = counted ? behaviour.latencyToClient : behaviour.latencyToServer
                guard queue.append(bytes, due: clock.now + latency), !bytes.isEmpty else { return }
            }
        }
        let writer: @Sendable () -> Void = {
            var sent = 0
            while let bytes = queue.next() {
                if bytes.isEmpty {
                    shutdown(sink, Int32(SHUT_WR))
                    return
                }
                var piece = bytes[...]
                let after = counted ? self.behaviour().after : nil
                if let after { piece = piece.prefix(max(0, after.bytes - sent)) }
                guard self.send(piece, to: sink) else {
                    queue.close()
                    self.end(reset: false)
                    return
                }
                sent += piece.count
                if let after, sent >= after.bytes {
                    self.happen(after.event, sink)
                    queue.close()
                    return
                }
            }
        }
        return [reader, writer]
    }

    /// `false` when the other side, or the whole connection, is gone.
    private func send(_ bytes: ArraySlice<UInt8>, to sink: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            if state.withLock({ $0.ended }) { return false }
            let sent = rest.withUnsafeBytes {
                Foundation.send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if sent > 0 {
                rest = rest.dropFirst(sent)
            } else if errno == EAGAIN {
                var polled = pollfd(fd: sink, events: Int16(POLLOUT), revents: 0)
                poll(&polled, 1, 50)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    private func happen(_ event: FaultProxy.Behaviour.Event, _ sink: Int32) {
        switch event {
        case .cut: end(reset: true)
        case .halfClose: shutdown(sink, Int32(SHUT_WR))
        case .stall: while !state.withLock({ $0.ended }) && isOpen() { usleep(10_000) }
        }
    }

    /// POLLRDHUP of <poll.h>, which is only visible to GNU C.
    private static let peerClosed: Int16 = 0x2000

    /// The client has not gone away.
    private func isOpen() -> Bool {
        var polled = pollfd(fd: client, events: Self.peerClosed, revents: 0)
        return poll(&polled, 1, 0) == 0
    }

    private func answer(with bytes: [UInt8], forever: Bool) {
        repeat {
            guard send(bytes[...], to: client) else { return }
        } while forever && !state.withLock { $0.ended }
    }
}

/// Pieces on their way, each with the moment before which it must not arrive. Bounded, so that a slow reader is felt
/// by the sender.
final class DelayQueue: Sendable {
    private struct Pieces {
        var waiting: [(bytes: [UInt8], due: ContinuousClock.Instant)] = []
        var size = 0
        var closed = false
    }

    private static let limit = 4 << 20
    private let pieces = Mutex(Pieces())
    private let filled = DispatchSemaphore(value: 0)

    /// Waits for room. `false` when nobody takes any more.
    func append(_ bytes: [UInt8], due: ContinuousClock.Instant) -> Bool {
        while true {
            let result: Bool? = pieces.withLock { pieces in
                if pieces.closed { return false }
                guard pieces.size < Self.limit else { return nil }
                pieces.waiting.append((bytes, due))
                pieces.size += bytes.count
                return true
            }
            if let result {
                if result { filled.signal() }
                return result
            }
            usleep(1000)
        }
    }

    /// The next piece, when it is due; `nil` when the queue is closed.
    func next() -> [UInt8]? {
        filled.wait()
        let first = pieces.withLock { pieces in pieces.closed ? nil : pieces.waiting.first }
        guard let first else { return nil }
        let wait = first.due - ContinuousClock().now
        if wait > .zero { usleep(UInt32(wait / .microseconds(1))) }
        pieces.withLock { pieces in
            pieces.waiting.removeFirst()
            pieces.size -= first.bytes.count
        }
        return first.bytes
    }

    func close() {
        pieces.withLock { $0.closed = true }
        filled.signal()
    }
}
