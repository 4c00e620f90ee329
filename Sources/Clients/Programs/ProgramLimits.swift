import Host

/// The bounds of this module, each with what it protects.
public enum ProgramLimits {
    /// Bytes that are kept of each end of an output: a chatty program must not fill the memory.
    public static let outputEnd = 64 * 1024
    /// Bytes left out at both sides of a gap, so that no half of a secret stands there unmasked.
    public static let gapMargin = 512
    /// Characters of a line that is passed on as progress.
    public static let progressLine = 300
    /// Arguments of a program, and characters of all of them.
    public static let arguments = 4096
    public static let argumentsLength = 128 * 1024
    /// Time between asking processes to end and killing them.
    public static let grace: Duration = .seconds(2)
    /// Time for killed processes to disappear.
    public static let disappearance: Duration = .seconds(3)
    /// Time for what a program wrote last to arrive, while a process that outlives it holds its output open.
    public static let lastOutput: Duration = .milliseconds(500)
    /// Between two looks at processes that are ending, in milliseconds.
    static let pollMilliseconds: Int32 = 10
    /// Bytes of a file below /proc.
    static let processFile = 4 << 20
    /// Bytes of the table of mounts: a host of containers has thousands.
    static let mountTable = 4 << 20
    /// Time for one file system to answer; a network file system whose server is gone never does.
    public static let fileSystemAnswer: Duration = .seconds(5)
    /// Mounts that are looked at in one step.
    public static let mounts = 500
    /// Bytes of a line that a program answers with, and of all that it writes: its answer is held in memory.
    public static let dialogueLine = 1 << 20
    public static let dialogue = 16 << 20
    /// Bytes that are written or read at once.
    static let dialogueWrite = 64 * 1024
    /// Between two looks at the clock while a program is silent, and while one that closed its output ends, in
    /// milliseconds.
    static let dialoguePause: Int32 = 20
    static let exitPause: Int32 = 2
}
