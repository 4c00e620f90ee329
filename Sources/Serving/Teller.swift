public import Dispatching
import Engine
public import Host
public import Maintenance
public import Plans

/// Tells people what the dispatcher has to say: one notice for what was missed of a procedure at once.
public struct Teller: Sendable {
    private let host: Host
    private let sender: ChannelSender
    private let plan: @Sendable (_ service: String) -> Plan?
    private let log: @Sendable (String) -> Void

    public init(
        host: Host, catalogue: Catalogue, plan: @escaping @Sendable (String) -> Plan?,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.host = host
        sender = ChannelSender(catalogue, on: host)
        self.plan = plan
        self.log = log
    }

    /// Tells the operator.
    public func say(_ notice: DispatchNotice) {
        switch notice {
        case .clockSet(let by, let ahead):
            let direction = by < .zero ? "back" : "forward"
            let waiting = ahead > 0 ? " \(ahead) procedures wait until it has passed again what was decided." : ""
            log("The wall clock was put \(direction) by \((by < .zero ? .zero - by : by).shortText).\(waiting)")
        case .waiting(let occurrence, let cause): log("\(occurrence) waits. \(cause.presentSentence)")
        case .missed(let rows):
            for (key, rows) in Self.byProcedure(rows) {
                let count = rows.reduce(0) { $0 + $1.count }
                let last = rows.map(\.last).max().map { "\($0)" } ?? ""
                let causes = Self.causes(rows).map(\.sentence).joined(separator: " ")
                log("\(key): \(count) missed, the last at \(last). \(causes)")
            }
        }
    }

    /// The notices that the rows make, where somebody is to be told: of a procedure that left its plan, whom plan and
    /// estate name.
    public func owed(_ rows: [Dispatching.MissedRow]) -> [OwedNotice] {
        Self.byProcedure(rows).compactMap { key, rows in
            guard let plan = plan(key.service) else { return nil }
            let rules =
                (plan.estate?.notices ?? []) + plan.notices + (plan.procedure(key.procedure)?.notices ?? [])
            let channels = Set(rules.filter { $0.events.contains(.missed) }.flatMap(\.channels))
            let latest = Array(rows.map(\.last).sorted().suffix(Limits.missedListed))
            guard !channels.isEmpty, let last = latest.last else { return nil }
            return OwedNotice(
                id: "missed-\(key.service)-\(key.environment)-\(key.procedure)-\(last)", service: key.service,
                environment: key.environment, procedure: key.procedure, count: rows.reduce(0) { $0 + $1.count },
                isAtLeast: rows.contains(where: \.isAtLeast), latest: latest, causes: Self.causes(rows),
                channels: Dictionary(uniqueKeysWithValues: channels.map { ($0, .owed) }))
        }
    }

    /// Sends what is owed over each channel. `note` makes a step durable, and is false where that cannot be: then no more
    /// is done.
    public func tell(_ owed: OwedNotice, _ note: @Sendable (OwedNotice.Note) async -> Bool) async {
        let plan = plan(owed.service)
        for (name, state) in owed.channels.sorted(by: { $0.key < $1.key }) {
            guard let channel = plan?.estate?.channels[name] else {
                log("Nobody is told over \(name) what \(owed.key) missed: no plan in force has that channel.")
                guard await note(owed.note(name, .over)) else { return }
                continue
            }
            if state == .sending, !channel.isIdempotent {
                log("\(unsure(owed, name)): Millwright ended meanwhile. It is not sent again.")
                guard await note(owed.note(name, .over)) else { return }
                continue
            }
            guard await send(owed, over: channel, name, plan?.procedure(owed.procedure), note) else { return }
        }
    }

    private func unsure(_ owed: OwedNotice, _ channel: String) -> String {
        "Nobody knows whether the notice over \(channel) of what \(owed.key) missed was sent"
    }

    /// Tried again where it certainly was not sent; false where a step cannot be made durable.
    private func send(
        _ owed: OwedNotice, over channel: RunChannel, _ name: String, _ procedure: Procedure?,
        _ note: @Sendable (OwedNotice.Note) async -> Bool
    ) async -> Bool {
        let notice = notice(owed, procedure)
        for attempt in 1...EngineLimits.deliveryAttempts {
            guard await note(owed.note(name, .sending)) else { return false }
            let context = Context(
                host: host, deadline: host.steady() + EngineLimits.deliveryAttempt,
                label: WorkLabel(run: owed.id, step: "delivery", unit: name))
            let (outcome, _) = await sender.send(notice, id: "\(owed.id).\(name)", over: channel, in: context)
            switch outcome {
            case .delivered: return await note(owed.note(name, .over))
            case .perhapsSent(let cause):
                log("\(unsure(owed, name)): \(cause.sentence)")
                return await note(owed.note(name, .over))
            case .failed(let cause, let mayRetry, _):
                log("The notice over \(name) of what \(owed.key) missed was not sent: \(cause.sentence)")
                guard mayRetry, attempt < EngineLimits.deliveryAttempts else { break }
                guard await note(owed.note(name, .notSent)),
                    (try? await host.sleep(EngineLimits.deliveryBackoff * Double(1 << attempt))) != nil
                else { return false }
                continue
            }
            break
        }
        return await note(owed.note(name, .over))
    }

    private func notice(_ owed: OwedNotice, _ procedure: Procedure?) -> Notice {
        Notice(
            event: .missed, service: owed.service, environment: owed.environment, procedure: owed.procedure, run: "",
            verdict: nil,
            points: owed.causes.map {
                Notice.Point(step: owed.procedure, severity: .unknown, subject: "", sentence: $0.sentence)
            },
            missed: MissedOccurrences(
                schedule: procedure?.scheduleText ?? "", count: owed.count, isAtLeast: owed.isAtLeast,
                latest: owed.latest),
            hint: "millwright runs --missed --service \(owed.service)", at: host.now())
    }

    private static func byProcedure(
        _ rows: [Dispatching.MissedRow]
    ) -> [(key: ProcedureKey, value: [Dispatching.MissedRow])] {
        Dictionary(grouping: rows, by: \.procedure).sorted { $0.key < $1.key }
    }

    private static func causes(_ rows: [Dispatching.MissedRow]) -> [MissCause] {
        Set(rows.map(\.cause)).sorted { $0.rawValue < $1.rawValue }
    }
}
