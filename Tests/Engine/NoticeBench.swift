import Engine
import Host
import Journal
import Maintenance
import Plans
import Synchronization

/// A channel in memory whose misbehaviour a test scripts. It keeps what reached it, as a receiver does.
final class FakeReceiver: Sendable {
    struct State {
        var received: [(id: String, notice: Notice)] = []
        /// What the next attempts throw, after the notice was taken where `isTaken`.
        var errors: [(error: any Error & Sendable, isTaken: Bool)] = []
        var attempts = 0
        var waited: [Duration] = []
    }

    let state = Mutex(State())

    func with<R: Sendable>(_ body: (inout State) throws -> R) rethrows -> R { try state.withLock { try body(&$0) } }

    var ids: [String] { with { $0.received.map(\.id) } }
    var notices: [Notice] { with { $0.received.map(\.notice) } }
    var attempts: Int { with { $0.attempts } }
}

struct FakeChannel: ChannelKind {
    static let name = "fake"
    static let summary = "A receiver in memory."
    static let shorthand = "name"
    static let parameters: [Parameter<FakeChannel>] = [
        .required("name", \.name, "Its name."), .optional("key", \.key, default: Secret(""), "Signs in."),
    ]
    @TaskLocal static var receiver = FakeReceiver()

    var name = ""
    var key = Secret("")
    var secrets: [Secret] { [key] }
    var identity: String { "fake \(name)" }

    func deliver(_ notice: Notice, id: String, in context: Context) async throws -> DeliveryReceipt {
        context.evidence.note(source: identity, statement: "deliver", answer: id.utf8)
        return try Self.receiver.with { state in
            state.attempts += 1
            guard !state.errors.isEmpty else {
                state.received.append((id, notice))
                return DeliveryReceipt("taken \(key.reveal())")
            }
            let next = state.errors.removeFirst()
            if next.isTaken { state.received.append((id, notice)) }
            throw next.error
        }
    }
}

/// A watchdog: hearing twice does it no harm.
struct FakeWatchdog: ChannelKind {
    static let name = "watchdog"
    static let summary = "A watchdog in memory."
    static let shorthand = "name"
    static let use = ChannelUse.heartbeat
    static let isIdempotent = true
    static let failureParameter: String? = "failure"
    static let parameters: [Parameter<FakeWatchdog>] = [
        .required("name", \.name, "Its name."), .optional("failure", \.failure, default: nil, "Where failures go."),
    ]
    var name = ""
    var failure: String?
    var identity: String { "watchdog \(name)" }

    func deliver(_ notice: Notice, id: String, in context: Context) async throws -> DeliveryReceipt {
        try await FakeChannel(name: name).deliver(notice, id: id, in: context)
    }
}

extension Bench {
    static let channels: [String: RunChannel] = [
        "chat": RunChannel(kind: "fake", settings: .text("chat")),
        "mail": RunChannel(kind: "fake", settings: .text("mail")),
        "watchdog": RunChannel(kind: "watchdog", settings: .text("w"), isIdempotent: true),
    ]

    static func told(
        _ rules: [NoticeRule] = [], heartbeat: RunHeartbeat? = nil, channels: [String: RunChannel] = channels
    ) -> RunNotices {
        RunNotices(rules: rules, heartbeat: heartbeat, channels: channels)
    }

    func start(
        _ steps: [RunStep], _ notices: RunNotices?, from: String? = nil, recoversFrom: String? = nil,
        windowCloses: Instant? = nil
    ) -> RunStart {
        let plan = RunPlan(
            service: "s", environment: "default", procedure: "p",
            targets: ["t": RunTarget(kind: "fake", settings: .text("one"))], steps: steps, notices: notices)
        return RunStart.make(
            plan, catalogue: catalogue, host: host, nominal: host.now(), owner: Self.owner, requestedBy: "tester",
            opening: windowCloses.map { RunOpening(opens: host.now(), closes: $0, lastBegin: $0) }, from: from,
            recoversFrom: recoversFrom)
    }

    /// Pauses between attempts are noted, and not waited for.
    func tell(
        _ start: RunStart, _ receiver: FakeReceiver, on store: any JournalStore = MemoryJournal(),
        missed: MissedOccurrences? = nil
    ) async throws -> Run {
        try await within(receiver) { try await driver(receiver, store).begin("r1", start, missed: missed) }
    }

    func resumeTelling(_ receiver: FakeReceiver, on store: any JournalStore) async throws -> Run? {
        guard let row = try await store.row("r1"), row.state == .running else { return nil }
        return try await within(receiver) { try await driver(receiver, store).resume(row, by: Self.owner) }
    }

    private func driver(_ receiver: FakeReceiver, _ store: any JournalStore) -> RunDriver {
        var host = host
        let sleep = host.sleep
        host.sleep = { duration in
            // A pause is of whole seconds; what is left until a deadline is not.
            guard duration >= .seconds(1), duration.components.attoseconds == 0 else {
                return try await sleep(duration)
            }
            receiver.with { $0.waited.append(duration) }
        }
        return RunDriver(host: host, catalogue: catalogue, store: store)
    }

    private func within<R: Sendable>(_ receiver: FakeReceiver, _ body: () async throws -> R) async throws -> R {
        try await FakeKind.$target.withValue(target) {
            try await FakeChannel.$receiver.withValue(receiver) { try await body() }
        }
    }
}
