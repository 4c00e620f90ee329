/// Why something is not a pass: a stable code for programs and one sentence for people, free of data and secrets.
public struct Cause: Codable, Hashable, Sendable, CustomStringConvertible {
    /// What kind of cause it is. Open: an action may name its own.
    public struct Code: RawRepresentable, Codable, Hashable, Sendable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let timedOut = Code(rawValue: "timed-out")
        public static let refused = Code(rawValue: "refused")
        public static let unreachable = Code(rawValue: "unreachable")
        public static let tlsFailed = Code(rawValue: "tls-failed")
        public static let connectionLost = Code(rawValue: "connection-lost")
        public static let noPermission = Code(rawValue: "no-permission")
        public static let signInFailed = Code(rawValue: "sign-in-failed")
        public static let noData = Code(rawValue: "no-data")
        public static let malformed = Code(rawValue: "malformed")
        public static let tooLarge = Code(rawValue: "too-large")
        public static let partlyCovered = Code(rawValue: "partly-covered")
        public static let notSupported = Code(rawValue: "not-supported")
        public static let perhapsApplied = Code(rawValue: "perhaps-applied")
        public static let nobodyLooked = Code(rawValue: "nobody-looked")
        public static let threshold = Code(rawValue: "threshold")
        public static let windowEnded = Code(rawValue: "window-ended")
        public static let limitReached = Code(rawValue: "limit-reached")
        public static let interrupted = Code(rawValue: "interrupted")
        public static let cancelled = Code(rawValue: "cancelled")
        public static let held = Code(rawValue: "held")
        public static let notFound = Code(rawValue: "not-found")
        public static let busy = Code(rawValue: "busy")
        public static let rejected = Code(rawValue: "rejected")
        public static let unexpected = Code(rawValue: "unexpected")
        public static let notRun = Code(rawValue: "not-run")
        /// People who must agree did not.
        public static let notAgreed = Code(rawValue: "not-agreed")
        /// A number is outside the range that it can have.
        public static let outOfRange = Code(rawValue: "out-of-range")
        /// What is shown is older than it may be.
        public static let stale = Code(rawValue: "stale")
    }

    public let code: Code
    public let sentence: String

    public init(_ code: Code, _ sentence: String) {
        self.code = code
        self.sentence = sentence
    }

    public var description: String { sentence }
}

/// Thrown by a client or an action that could not look: the verdict becomes `unknown` with this cause.
public struct CouldNotLook: Error, Hashable, Sendable, CustomStringConvertible {
    public let cause: Cause

    public init(_ cause: Cause) { self.cause = cause }

    public init(_ code: Cause.Code, _ sentence: String) { self.cause = Cause(code, sentence) }

    public var description: String { cause.sentence }
}

/// Thrown by a change that certainly did not do what it should: the verdict becomes `fail` with this cause.
public struct ChangeFailed: Error, Hashable, Sendable, CustomStringConvertible {
    public let cause: Cause

    public init(_ cause: Cause) { self.cause = cause }

    public init(_ code: Cause.Code, _ sentence: String) { self.cause = Cause(code, sentence) }

    public var description: String { cause.sentence }
}

/// An error of a client that knows what it means; whoever does not handle it passes its cause on.
public protocol CausedError: Error {
    var cause: Cause { get }
}

extension Cause {
    /// The cause of any error that an action let through.
    public init(_ error: any Error) {
        switch error {
        case let error as CouldNotLook: self = error.cause
        case let error as ChangeFailed: self = error.cause
        case let error as any CausedError: self = error.cause
        case is CancellationError: self.init(.cancelled, "It was cancelled.")
        default: self.init(.unexpected, "An unexpected error: \(error)")
        }
    }
}
