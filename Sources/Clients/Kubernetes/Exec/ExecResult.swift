/// What a command in a container came to.
public struct ExecResult: Hashable, Sendable {
    /// The command's exit code.
    public let exitCode: Int
    public let standardOutput: [UInt8]
    public let standardError: [UInt8]
    /// True where the output was longer than the limit, and only its beginning is here.
    public let outputIsCut: Bool

    public init(exitCode: Int, standardOutput: [UInt8], standardError: [UInt8], outputIsCut: Bool) {
        self.exitCode = exitCode
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.outputIsCut = outputIsCut
    }
}

/// The bounds of commands in containers, each with what it protects.
public enum ExecLimits {
    /// Bytes of output that are kept, of both streams together.
    public static let output = 4 << 20
    /// Bytes of a frame: API servers send 32 KiB and less.
    static let frame = 1 << 20
    /// Bytes of the status at the end.
    static let status = 64 << 10
    /// Frames of one message.
    static let fragments = 1000
    /// Bytes of the head of the answer to a request for an upgrade.
    static let head = 32 << 10
    /// Bytes of the answer to a refused upgrade.
    static let refusal = 64 << 10
    /// Bytes of standard input in one frame.
    static let inputFrame = 32 << 10
    /// Words of a command, and bytes of them all: they travel in the URL.
    static let words = 256
    static let commandBytes = 16 << 10
    /// Time for the connection and the handshake, where the deadline gives more.
    static let connect: Duration = .seconds(10)
}
