/// A place in a plan or an estate. Lines and columns start at 1; a column is a Unicode scalar.
public struct Position: Codable, Hashable, Sendable, Comparable, CustomStringConvertible {
    public let file: String
    public let line: Int
    public let column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { "\(file):\(line):\(column)" }

    public static func < (left: Position, right: Position) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}

/// A mistake in a plan: where it stands, what is wrong, and what would be right.
public struct Diagnostic: Codable, Hashable, Sendable, Comparable, CustomStringConvertible {
    public let position: Position
    public let message: String

    public init(_ message: String, at position: Position) {
        self.position = position
        self.message = message
    }

    public var file: String { position.file }
    public var line: Int { position.line }
    public var column: Int { position.column }

    /// `file:line:column: message`, as editors and terminals know it.
    public var description: String { "\(position): \(message)" }

    public static func < (left: Diagnostic, right: Diagnostic) -> Bool {
        left.position == right.position ? left.message < right.message : left.position < right.position
    }
}

/// All mistakes of a plan, in the order of the file, one a line.
public struct PlanErrors: Error, Sendable, CustomStringConvertible {
    public let diagnostics: [Diagnostic]

    public init(_ diagnostics: some Sequence<Diagnostic>) {
        let all = Set(diagnostics).sorted()
        let left = all.count - PlanLimits.mistakes
        guard left > 0, let last = all.dropLast(left).last else {
            self.diagnostics = all
            return
        }
        self.diagnostics = all.dropLast(left) + [Diagnostic("… and \(left) more mistakes", at: last.position)]
    }

    public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

/// Collects the mistakes of one reading, so that all of them are reported at once.
struct MistakeLog {
    private(set) var diagnostics: Set<Diagnostic> = []
    /// Which keys were asked for, by table: a test holds them against the table.
    private(set) var keysRead: [String: Set<String>] = [:]

    var isEmpty: Bool { diagnostics.isEmpty }
    var count: Int { diagnostics.count }

    mutating func report(_ message: String, at position: Position) {
        diagnostics.insert(Diagnostic(message, at: position))
    }

    mutating func add(_ other: some Sequence<Diagnostic>) { diagnostics.formUnion(other) }

    mutating func noteRead(_ key: String, of table: String) { keysRead[table, default: []].insert(key) }
}
