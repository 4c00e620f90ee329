import Engine
public import Host
public import Maintenance

extension RunDocument {
    /// One notice or heartbeat of a run, and what came of it.
    public struct Delivery: Codable, Sendable {
        /// The same in every attempt.
        public let id: String
        public let channel: String
        /// What was told; of a heartbeat how the run ended.
        public let event: NoticeEvent
        public let isHeartbeat: Bool
        /// `delivered`, `partly` (some recipients were refused), `failed` (certainly not sent), `unknown` (perhaps sent),
        /// or `pending`.
        public let state: String
        /// The receiver's own words.
        public let receipt: String?
        /// Recipients whom the receiver refused.
        public let refused: [String]
        public let cause: Cause?
        public let attempts: Int
        public let endedAt: Instant?
        public let evidence: [Evidence]
    }
}

extension RunDocument.Delivery {
    init(_ delivery: DeliveryState, _ evidence: [Evidence]) {
        var (state, receipt, cause) = ("pending", DeliveryReceipt?.none, delivery.lastFailure)
        switch delivery.phase {
        case .planned, .sending, .waiting: break
        case .delivered(let given):
            (state, receipt, cause) = (given.refused.isEmpty ? "delivered" : "partly", given, nil)
        case .failed(let why): (state, cause) = ("failed", why)
        case .unknown(let why): (state, cause) = ("unknown", why)
        }
        self.init(
            id: delivery.id, channel: delivery.intent.channel, event: delivery.intent.notice.event,
            isHeartbeat: delivery.intent.isHeartbeat, state: state, receipt: receipt?.text,
            refused: receipt?.refused ?? [], cause: cause, attempts: delivery.attempts, endedAt: delivery.endedAt,
            evidence: evidence)
    }

    /// How its outcome is coloured: what did not arrive is no pass, and what perhaps did is not known.
    public var verdict: Verdict? {
        switch state {
        case "delivered": .pass
        case "partly": .warn
        case "failed": .fail
        case "unknown": .unknown
        default: nil
        }
    }
}

extension Words {
    /// `delivered: 250 2.0.0 Ok: queued as 4F1`.
    public static func delivery(_ delivery: RunDocument.Delivery) -> String {
        var text = delivery.state == "unknown" ? "unknown: perhaps sent" : delivery.state
        if let receipt = delivery.receipt, !receipt.isEmpty { text += ": \(receipt)" }
        if !delivery.refused.isEmpty { text += "; refused: \(delivery.refused.joined(separator: ", "))" }
        if let cause = delivery.cause { text += ". \(cause.sentence)" }
        return delivery.attempts > 1 ? "\(text) (\(delivery.attempts) attempts)" : text
    }

    /// `fail to ops-chat`, `heartbeat to watchdog`.
    public static func deliveryTitle(_ delivery: RunDocument.Delivery) -> String {
        "\(delivery.isHeartbeat ? "heartbeat" : delivery.event.rawValue) to \(delivery.channel)"
    }

    /// `2 occurrences of daily 09:00 had no run: 2026-11-20 09:00:00 UTC, …`.
    public static func missed(_ missed: MissedOccurrences) -> String {
        let count = "\(missed.isAtLeast ? "at least " : "")\(missed.count) "
        let what = missed.count == 1 ? "occurrence" : "occurrences"
        let isAll = missed.latest.count == missed.count && !missed.isAtLeast
        let instants = missed.latest.map(time).joined(separator: ", ")
        return "\(count)\(what) of \(missed.schedule) had no run\(isAll ? ": " : ", the last: ")\(instants)"
    }
}
