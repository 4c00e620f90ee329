import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ClientHTTP

/// A server that lets us wait is given up; the time that we take ourselves is not its silence.
struct SilenceTests {
    /// `work` is what the reader does before the body and after each piece, with the bytes that it has.
    private func body(
        _ answer: Answer, _ clock: StillClock, _ work: @escaping @Sendable (Int) async throws -> Void
    ) async throws -> String {
        let server = try StandInServer()
        server.on("/", answer)
        let transport = HTTPTransport(try HTTPEndpoint(url: server.url()), on: clock.host)
        let context = Context(host: clock.host, deadline: .seconds(86_400), label: WorkLabel(run: "run", step: "step"))
        let result: Result<[UInt8], any Error>
        do {
            result = .success(
                try await transport.stream(HTTPCall("GET", "/"), in: context, silence: .seconds(10)) { _, chunks in
                    var body: [UInt8] = []
                    try await work(0)
                    for try await chunk in chunks {
                        body += chunk
                        try await work(body.count)
                    }
                    return body
                })
        } catch { result = .failure(error) }
        await transport.close()
        return String(decoding: try result.get(), as: UTF8.self)
    }

    @Test func ourOwnTimeDoesNotCount() async throws {
        let clock = StillClock()
        let answer = Answer(body: .trickle(Array("abc".utf8), every: .milliseconds(1)))
        #expect(try await body(answer, clock) { _ in try await clock.pass(.seconds(60)) } == "abc")
    }

    @Test func theServersTimeDoes() async throws {
        let clock = StillClock()
        let error = await #expect(throws: CouldNotLook.self) {
            try await body(Answer(body: .held(Array("abc".utf8))), clock) { count in
                try await clock.pass(.seconds(60))
                if count > 0 { clock.start() }
            }
        }
        #expect(error?.cause.code == .timedOut)
        #expect(error?.cause.sentence.contains("sent nothing more") == true)
    }
}

/// A steady clock that stands still until it is told otherwise.
private final class StillClock: Sendable {
    private struct State {
        var now: Duration = .zero
        var sleeps = 0
        var isRunning = false
    }

    private let state = Mutex(State())

    var host: Host {
        var host = Host.system
        host.steady = { self.state.withLock { $0.now } }
        host.sleep = { duration in
            let end = self.state.withLock { state in
                state.sleeps += 1
                return state.now + duration
            }
            while self.now(atLeast: end) == false { try await Task.sleep(for: .milliseconds(1)) }
        }
        return host
    }

    /// From here on whoever sleeps sees a second go by each time it looks.
    func start() { state.withLock { $0.isRunning = true } }

    /// So much time goes by, and whoever keeps watch has seen it.
    func pass(_ duration: Duration) async throws {
        // One sleeps until the deadline, one keeps watch.
        while state.withLock({ $0.sleeps }) < 2 { try await Task.sleep(for: .milliseconds(1)) }
        let before = state.withLock { state in
            state.now += duration
            return state.sleeps
        }
        while state.withLock({ $0.sleeps }) == before { try await Task.sleep(for: .milliseconds(1)) }
    }

    private func now(atLeast end: Duration) -> Bool {
        state.withLock { state in
            if state.now < end, state.isRunning { state.now += .seconds(1) }
            return state.now >= end
        }
    }
}
