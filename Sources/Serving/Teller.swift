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

    public func tell(_ notice: DispatchNotice) async {
        switch notice {
        case .clockSet(let by, let ahead):
            let direction = by < .zero ? "back" : "forward"
            let waiting = ahead > 0 ? " \(ahead) procedures wait until it has passed again what was decided." : ""
            log("The wall clock was put \(direction) by \((by < .zero ? .zero - by : by).shortText).\(waiting)")
        case .missed(let rows):
            for (key, rows) in Dictionary(grouping: rows, by: \.procedure).sorted(by: { $0.key < $1.key }) {
                await tell(key, rows)
            }
        }
    }

    private func tell(_ key: ProcedureKey, _ rows: [Dispatching.MissedRow]) async {
        let count = rows.reduce(0) { $0 + $1.count }
        let causes = Set(rows.map(\.cause)).sorted { $0.rawValue < $1.rawValue }.map(\.sentence)
        log(
            "\(key): \(count) missed, the last at \(rows.map(\.last).max().map { "\($0)" } ?? ""). \(causes.joined(separator: " "))"
        )
        guard let plan = plan(key.service), let procedure = plan.procedure(key.procedure) else { return }
        let rules = (plan.estate?.notices ?? []) + plan.notices + procedure.notices
        let names = Set(rules.filter { $0.events.contains(.missed) }.flatMap(\.channels))
        let notice = notice(key, procedure, rows, count, causes)
        for name in names.sorted() {
            guard let channel = plan.estate?.channels[name] else { continue }
            await send(notice, over: channel, name)
        }
    }

    private func notice(
        _ key: ProcedureKey, _ procedure: Procedure, _ rows: [Dispatching.MissedRow], _ count: Int, _ causes: [String]
    ) -> Notice {
        let missed = MissedOccurrences(
            schedule: procedure.scheduleText ?? "", count: count, isAtLeast: rows.contains(where: \.isAtLeast),
            latest: Array(rows.map(\.last).sorted().suffix(Limits.missedListed)))
        return Notice(
            event: .missed, service: key.service, environment: key.environment, procedure: key.procedure, run: "",
            verdict: nil,
            points: causes.map { Notice.Point(step: key.procedure, severity: .unknown, subject: "", sentence: $0) },
            missed: missed, hint: "millwright runs --missed --service \(key.service)", at: host.now())
    }

    /// Tried again where it certainly was not sent.
    private func send(_ notice: Notice, over channel: RunChannel, _ name: String) async {
        let id = "missed-\(notice.procedure)-\(notice.missed?.latest.last.map { "\($0)" } ?? "")"
        for attempt in 1...EngineLimits.deliveryAttempts {
            let context = Context(
                host: host, deadline: host.steady() + EngineLimits.deliveryAttempt,
                label: WorkLabel(run: id, step: "delivery", unit: name))
            let (outcome, _) = await sender.send(notice, id: "\(id).\(name)", over: channel, in: context)
            if case .perhapsSent(let cause) = outcome {
                log("Nobody knows whether the notice over \(name) was sent: \(cause.sentence)")
            }
            guard case .failed(let cause, let mayRetry, _) = outcome else { return }
            log("The notice over \(name) was not sent: \(cause.sentence)")
            guard mayRetry, attempt < EngineLimits.deliveryAttempts else { return }
            guard (try? await host.sleep(EngineLimits.deliveryBackoff * Double(1 << attempt))) != nil else { return }
        }
    }
}
