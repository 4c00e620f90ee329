/// How the text of somebody's statement may be shown: its words without its data.
///
/// Literals are data, and may be secrets. They are taken out by the server itself, so that they reach neither the
/// evidence nor this machine. What the server would read is read the same way, token by token; where that cannot be
/// told for certain (a backslash in a text, a dollar quote, a comment in a comment, a text that is cut off) the rest of
/// the statement is left out.
enum StatementText {
    /// An expression for the shown text of the statement in `column`.
    static func shown(_ column: String) -> String {
        """
        (SELECT left(regexp_replace(btrim(regexp_replace(string_agg(CASE WHEN t.m[1] IS NOT NULL THEN t.m[1] \
        WHEN t.m[2] IS NOT NULL THEN '?' WHEN t.m[3] IS NOT NULL THEN ' ' ELSE '…' END, '' ORDER BY t.n), \
        '\\s+', ' ', 'g')), '^(set)\\s.*', '\\1 …', 'i'), \(PostgreSQLActionLimits.statementShown)) \
        FROM regexp_matches(left(\(column), \(PostgreSQLActionLimits.statementRead)), \
        $re$\(expression)$re$, 'g') WITH ORDINALITY t(m, n))
        """
    }

    /// The same of a session: nothing of what is hidden, and only the first word of a statement that failed, for what
    /// is no SQL has no tokens.
    static func ofSession(_ session: String) -> String {
        """
        CASE WHEN \(session).query = '<insufficient privilege>' THEN NULL \
        WHEN \(session).state = 'idle in transaction (aborted)' \
        THEN substring(\(session).query FROM '^\\s*([[:alpha:]]+)') || ' …' \
        ELSE \(shown("\(session).query")) END
        """
    }

    /// The longest of these at each place: what is kept, a literal, a comment, what hides the rest.
    private static let expression = [kept, literal, comment, rest].map { "(\($0))" }.joined(separator: "|")

    private static let kept =
        #""(?:[^"]|"")*"|[[:alpha:]_][[:alnum:]_$]*|\$[0-9]+|\s+|[^'"[:alnum:]_\s]"#
    private static let literal = #"'(?:[^'\\]|'')*'|[0-9][[:alnum:]_.]*"#
    private static let comment = #"--[^\n]*|/\*\#(inside)*\*/"#
    private static let rest =
        #"'(?:[^'\\]|'')*(?:$|\\.*)|"(?:[^"]|"")*$|\$(?:[[:alpha:]_][[:alnum:]_]*)?\$.*|/\*\#(inside)*(?:$|/\*.*)"#
    private static let inside = #"(?:[^*/]|\*(?!/)|/(?!\*))"#
}
