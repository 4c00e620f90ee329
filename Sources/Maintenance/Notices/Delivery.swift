/// What came of one attempt to send a notice.
public enum DeliveryOutcome: Codable, Hashable, Sendable {
    /// The receiver said that it has it.
    case delivered(DeliveryReceipt)
    /// It certainly was not sent, or the receiver said that it does not take it. `mayRetry` where another attempt may
    /// succeed; `after` is how long the receiver asked to wait.
    case failed(Cause, mayRetry: Bool, after: Duration?)
    /// It may have arrived, and nobody can say: it is not sent again by itself.
    case perhapsSent(Cause)
}

/// The receiver's word that it has the message.
public struct DeliveryReceipt: Codable, Hashable, Sendable {
    /// In the receiver's own words, such as `250 2.0.0 Ok: queued as 4F1`.
    public let text: String
    /// Recipients whom the receiver refused, each with its reason; the others have it.
    public let refused: [String]

    public init(_ text: String, refused: [String] = []) {
        self.text = text.cut(to: Limits.receipt)
        self.refused = refused.prefix(Limits.refusedRecipients).map { $0.cut(to: Limits.receipt) }
    }
}

/// Thrown by a channel that has no receipt. Every other error counts as `perhapsSent`: only who knows that nothing
/// went out may say so.
public enum DeliveryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Certainly not sent, or refused by the receiver. `after` is how long the receiver asked to wait.
    case notSent(Cause, mayRetry: Bool, after: Duration? = nil)
    case perhapsSent(Cause)

    public var cause: Cause {
        switch self {
        case .notSent(let cause, _, _), .perhapsSent(let cause): cause
        }
    }

    public var description: String { cause.sentence }
}

extension Cause.Code {
    /// Nobody can say whether a message arrived.
    public static let perhapsSent = Cause.Code(rawValue: "perhaps-sent")
    /// Planned instants passed without a run.
    public static let missed = Cause.Code(rawValue: "missed")
}
