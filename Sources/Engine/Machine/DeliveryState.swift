public import Host
public import Maintenance

/// What is to be sent when a run has its verdict, under an id that is fixed before anything is sent.
public struct DeliveryIntent: Codable, Hashable, Sendable {
    /// Of the run and the channel: the same in every attempt, and after a crash.
    public let id: String
    /// A name of the run's channels.
    public let channel: String
    public let isHeartbeat: Bool
    public var notice: Notice
}

/// The state of one delivery of a run.
public struct DeliveryState: Sendable {
    public enum Phase: Sendable, Equatable {
        /// Its intent is being made durable; nothing was sent. Goes to `sending`.
        case planned
        /// The intent is durable; it is being sent, or was when a process died. Goes to `delivered`, `waiting`,
        /// `failed` or `unknown`; after a crash to `unknown`, or to itself where sending twice does no harm.
        case sending(attempt: Int)
        /// It certainly was not sent, and time passes before the next attempt. Goes to `sending`, `failed`,
        /// or `unknown` where an earlier attempt perhaps arrived.
        case waiting(attempt: Int)
        /// Final: the receiver's receipt is there.
        case delivered(DeliveryReceipt)
        /// Final: it certainly did not arrive.
        case failed(Cause)
        /// Final: perhaps sent. Nobody sends it again by itself.
        case unknown(Cause)
    }

    public internal(set) var intent: DeliveryIntent
    public internal(set) var phase = Phase.planned
    /// Attempts that came to an outcome.
    public internal(set) var attempts = 0
    /// Why the last attempt did not succeed.
    public internal(set) var lastFailure: Cause?
    /// Why an attempt perhaps arrived: whatever becomes of later ones, this delivery did not certainly fail.
    var perhapsSent: Cause?
    /// Digests of the bodies that hold evidence, oldest first.
    public internal(set) var attachments: [String] = []
    public internal(set) var endedAt: Instant?

    init(_ intent: DeliveryIntent) { self.intent = intent }

    public var id: String { intent.id }

    public var isOver: Bool {
        switch phase {
        case .planned, .sending, .waiting: false
        case .delivered, .failed, .unknown: true
        }
    }
}
