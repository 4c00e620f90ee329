public import Host
public import Maintenance

/// The whole answer to a statement, copied out of the client library.
public struct Rows: Sendable {
    public struct Column: Sendable, Hashable {
        public let name: String
        public let type: ColumnType

        public init(_ name: String, _ type: ColumnType = .text) {
            self.name = name
            self.type = type
        }
    }

    public let columns: [Column]
    public let values: [[String?]]
    /// How many rows an INSERT, UPDATE, DELETE or COPY touched.
    public let affected: Int
    /// What the server remarked along the way.
    public let notices: [ServerNotice]

    public init(
        columns: [Column] = [], values: [[String?]] = [], affected: Int = 0, notices: [ServerNotice] = []
    ) {
        self.columns = columns
        self.values = values
        self.affected = affected
        self.notices = notices
    }

    public var count: Int { values.count }
    public var isEmpty: Bool { values.isEmpty }
    public var rows: [Row] { values.map { Row(columns: columns, values: $0) } }

    /// The only row, or a cause that says how many there were.
    public func one() throws(CouldNotLook) -> Row {
        guard values.count == 1 else {
            throw CouldNotLook(.malformed, "PostgreSQL gave \(values.count) rows where one is expected.")
        }
        return Row(columns: columns, values: values[0])
    }

    /// The answer as bytes, for the evidence's digest.
    var evidence: [UInt8] {
        var text = columns.map(\.name).joined(separator: "\t")
        for row in values { text += "\n" + row.map { $0 ?? "\\N" }.joined(separator: "\t") }
        if columns.isEmpty { text = "\(affected) rows" }
        for notice in notices { text += "\n\(notice.severity): \(notice.message)" }
        return Array(text.utf8)
    }
}

/// A type by its object id; the ids of the built-in types never change.
public struct ColumnType: RawRepresentable, Sendable, Hashable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let text = ColumnType(rawValue: 25)
    public static let boolean = ColumnType(rawValue: 16)

    /// int8, int2, int4, oid, float4, float8, numeric.
    public var isNumeric: Bool { [20, 21, 23, 26, 700, 701, 1700].contains(rawValue) }
}

/// One row; a column is asked for by its name.
public struct Row: Sendable {
    public let columns: [Rows.Column]
    public let values: [String?]

    public init(columns: [Rows.Column], values: [String?]) {
        self.columns = columns
        self.values = values
    }

    /// `nil` for NULL; a column that the answer lacks is an error.
    public func optional(_ name: String) throws(CouldNotLook) -> String? {
        guard let index = columns.firstIndex(where: { $0.name == name }), index < values.count else {
            throw CouldNotLook(.malformed, "PostgreSQL's answer lacks the column \(name).")
        }
        return values[index]
    }

    public func text(_ name: String) throws(CouldNotLook) -> String {
        guard let value = try optional(name) else {
            throw CouldNotLook(.noData, "PostgreSQL's answer has no value in the column \(name).")
        }
        return value
    }

    public func integer(_ name: String) throws(CouldNotLook) -> Int { try read(name, "a whole number") { Int($0) } }
    public func number(_ name: String) throws(CouldNotLook) -> Double { try read(name, "a number") { Double($0) } }
    public func instant(_ name: String) throws(CouldNotLook) -> Instant { try read(name, "a moment") { Instant($0) } }

    public func boolean(_ name: String) throws(CouldNotLook) -> Bool {
        try read(name, "true or false") { $0 == "t" ? true : $0 == "f" ? false : nil }
    }

    private func read<Value>(
        _ name: String, _ kind: String, _ parse: (String) -> Value?
    ) throws(CouldNotLook) -> Value {
        guard let value = parse(try text(name)) else {
            throw CouldNotLook(.malformed, "PostgreSQL's column \(name) is not \(kind).")
        }
        return value
    }
}

/// A remark of the server that is no error: a WARNING, a NOTICE.
public struct ServerNotice: Sendable, Hashable {
    /// `WARNING`, `NOTICE` and so on, in English whatever the server's language.
    public let severity: String
    public let state: String
    public let message: String

    public init(severity: String, state: String, message: String) {
        self.severity = severity
        self.state = state
        self.message = message
    }
}
