/// One line of a container's log, or a piece of one that is too long to be held.
public struct LogLine: Sendable {
    public let time: LogTime
    /// The text without its time and without the line feed, byte for byte; not always UTF-8.
    public let bytes: ArraySlice<UInt8>
    /// True where an earlier piece of the same line came before.
    public let isContinued: Bool
    /// False where more pieces of the same line follow.
    public let isEnd: Bool
    /// True where the line goes on and its rest was left out.
    public let isCut: Bool

    public init(
        time: LogTime, bytes: ArraySlice<UInt8>, isContinued: Bool = false, isEnd: Bool = true, isCut: Bool = false
    ) {
        self.time = time
        self.bytes = bytes
        self.isContinued = isContinued
        self.isEnd = isEnd
        self.isCut = isCut
    }
}

/// What to do with a line that is longer than may be held.
public enum LongLines: Sendable {
    /// Its beginning is enough; that it was cut is counted.
    case cut
    /// It comes in pieces, and nothing is left out.
    case pieces
}
