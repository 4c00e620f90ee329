import Host

/// The bounds of this module, each with what it protects.
enum ExternalLimits {
    /// Time for a program to describe itself: a plan that is read waits for it.
    static let description: Duration = .seconds(5)
    /// Bytes of a file among a program's arguments whose digest is taken: an interpreter may be large.
    static let programFile = 256 << 20
    /// Characters of a text in a reply.
    static let text = 4000
    /// Characters of a name: of a parameter, a measurement, a unit's attribute.
    static let name = 200
    /// Characters of a program's own words in a cause.
    static let lastWords = 200
    /// Characters of a line of progress.
    static let progress = 300
    /// Messages of progress and log in one call.
    static let messages = 10_000
    /// Lines of the log that are kept as evidence.
    static let logLines = 500
    /// Parameters, measurements, rights and roles of one action.
    static let declared = 100
    /// Units of one preview, and what a unit may carry.
    static let units = 10_000
    static let unitItems = 10_000
    /// Statements of a preview.
    static let statements = 1000
    /// Bytes of a baseline: the journal keeps it.
    static let baseline = 64 << 10
    /// Time that a unit is expected to take where the program does not say.
    static let unitExpected: Duration = .seconds(10)
    /// The longest timeout that a description may ask for.
    static let timeout: Duration = .seconds(86_400)
}
