public import Maintenance

/// An error that the server answered: the statement did not take effect.
public struct SQLFailure: Error, Sendable, Hashable {
    /// The five characters of SQLSTATE: `42501`.
    public let state: String
    public let cause: Cause

    public init(state: String, cause: Cause) {
        self.state = state
        self.cause = cause
    }

    public static let lockNotAvailable = "55P03"
    public static let serializationFailure = "40001"
    public static let deadlock = "40P01"

    /// True where the same statement may succeed a moment later.
    public var isPassing: Bool {
        [Self.lockNotAvailable, Self.serializationFailure, Self.deadlock].contains(state)
    }
}

/// What the server says of an error besides its text.
struct ServerError: Error {
    var state: String
    var message: String
    var schema: String?
    var table: String?
    var column: String?
    var constraint: String?
    /// The server's function that raised it; unlike the message it is in no language.
    var function: String?

    /// The error as the target's failure. The texts of class 22, 23 and P0 may quote rows, so those are left out.
    func failure(of identity: String) -> SQLFailure {
        let said = hidesRows ? hidden : quotesData ? named : String(message.prefix(PostgreSQLLimits.message))
        let next = advice.map { " \($0)" } ?? ""
        let sentence = "\(identity): \(said.isEmpty ? "an error" : said) (SQLSTATE \(state)).\(next)"
        return SQLFailure(state: state, cause: Cause(code, sentence))
    }

    /// Looking with `row_security` off met a table whose policies would have left rows out.
    private var hidesRows: Bool { state == "42501" && function == "check_enable_rls" }

    /// The server names the table in its message alone.
    private var hidden: String {
        "row security would hide rows from the role, so nothing was read: "
            + message.prefix(PostgreSQLLimits.message)
    }

    private var quotesData: Bool {
        ["22", "23", "P0", "XX", "F0", "HV"].contains(String(state.prefix(2)))
    }

    /// The condition by its class and the objects that it names, without the values.
    private var named: String {
        let what =
            switch state {
            case "23505": "a row with the same key exists already"
            case "23503": "a foreign key is violated"
            case "23502": "a value is missing that must not be NULL"
            case "23514": "a check constraint is violated"
            case "22P02", "22007", "22008": "a value cannot be read as the type of its column"
            case "22021", "22P05": "a text that cannot be given in UTF-8"
            case "22012": "a division by zero"
            case "22003": "a number is out of range"
            case "P0001": "an error that a function or trigger of the database raised"
            default: "an error of class \(state.prefix(2))"
            }
        let place = [
            table.map { "table \(schema.map { "\($0)." } ?? "")\($0)" }, column.map { "column \($0)" },
            constraint.map { "constraint \($0)" },
        ].compactMap { $0 }
        return place.isEmpty ? what : "\(what) (\(place.joined(separator: ", ")))"
    }

    private var code: Cause.Code {
        switch state {
        case "42501": .noPermission
        case "28P01", "28000": .signInFailed
        case "3D000", "42P01", "42703", "42883", "3F000", "42704": .notFound
        case "53300", "55P03", "55006", "40001", "40P01", "57P04": .busy
        case "57014", "25P03", "57P05": .timedOut
        case "57P03": .refused
        case "57P01", "57P02": .connectionLost
        case "53100", "53200", "53400", "54000", "54001": .limitReached
        case "25006", "0A000": .notSupported
        case "22021", "22P05": .malformed
        case _ where state.hasPrefix("08"): .connectionLost
        default: .rejected
        }
    }

    private var advice: String? {
        switch state {
        case "42501" where hidesRows: "Give the looking role BYPASSRLS: ALTER ROLE … BYPASSRLS."
        case "42501": "Grant the role the right; `millwright rights` prints what the plan needs."
        case "28P01", "28000": "Check the role, its password and pg_hba.conf."
        case "3D000": "Check the database's name in the target."
        case "53300": "All connections are taken: look who holds them, or raise the limit."
        case "55P03": "Another session holds a lock on it: try again, or look who holds it in pg_locks."
        case "25006": "Looking is read-only; only a change may alter anything."
        case "57P03": "The server is starting up, shutting down or recovering."
        default: nil
        }
    }
}
