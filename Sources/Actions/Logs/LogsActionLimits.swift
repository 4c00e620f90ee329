/// The bounds of these actions, each with what it protects.
enum LogsActionLimits {
    /// Bytes of a line that are held at once; a longer line comes in pieces, none of which is left out.
    static let line = 256 << 10
    /// Bytes of compressed text that are gathered before they go to the file.
    static let buffer = 64 << 10
    /// Containers of one step.
    static let containers = 5000
    /// Files of a folder that one step looks at.
    static let files = 10_000
    /// Bytes of a file that are hashed at once.
    static let filePart = 1 << 20
    /// Characters of a cause that are kept with an object.
    static let keptCause = 400
    /// Gone pods that are named.
    static let namedPods = 5
}
