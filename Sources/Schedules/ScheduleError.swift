/// What is wrong with a schedule, a window or a zone as it was written, and what would be right.
public struct ScheduleError: Error, Hashable, Sendable, CustomStringConvertible {
    public let message: String

    public init(_ message: String) { self.message = message }

    public var description: String { message }
}
