/// The tables that a query names, so that the rights it needs can be told without a server.
///
/// It reads the text, not the grammar: names after FROM and JOIN and after their commas, without the query's own WITH
/// names and without functions. What it overlooks comes to light when the query is refused.
struct SQLTables {
    private enum Token: Equatable {
        case word(String)
        case quoted(String)
        case mark(Character)
    }

    private var tokens: [Token] = []

    static func named(in sql: String) -> [TableName] {
        let reader = SQLTables(sql)
        let own = reader.withNames()
        var seen: Set<String> = []
        return reader.tables().filter { !own.contains($0) && seen.insert($0).inserted }.compactMap { TableName($0) }
    }

    private init(_ sql: String) {
        var rest = Substring(sql)
        while let character = rest.first {
            if character.isLetter || character == "_" {
                let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$" }
                rest = rest.dropFirst(word.count)
                // E'…' and the like are strings.
                if rest.first == "'", word.count == 1 { continue }
                tokens.append(.word(String(word)))
            } else if character == "\"" {
                let name = Self.enclosed(&rest, by: "\"")
                tokens.append(.quoted("\"" + name + "\""))
            } else if character == "'" {
                _ = Self.enclosed(&rest, by: "'")
                tokens.append(.mark("'"))
            } else if rest.hasPrefix("::") {
                rest = rest.dropFirst(2)
                tokens.append(.mark(":"))
            } else if character == ":", rest.dropFirst().first?.isLetter == true {
                // A bound parameter such as `:from` is no word of the statement.
                rest = rest.dropFirst().drop { $0.isLetter || $0.isNumber || $0 == "_" }
                tokens.append(.mark("?"))
            } else if rest.hasPrefix("--") {
                rest = rest.drop { $0 != "\n" && $0 != "\r\n" }
            } else if rest.hasPrefix("/*") {
                rest = rest.dropFirst(2)
                while !rest.isEmpty, !rest.hasPrefix("*/") { rest.removeFirst() }
                rest = rest.dropFirst(2)
            } else if character == "$", let tag = Self.dollarTag(rest) {
                rest = rest.dropFirst(tag.count)
                while !rest.isEmpty, !rest.hasPrefix(tag) { rest.removeFirst() }
                rest = rest.dropFirst(tag.count)
                tokens.append(.mark("'"))
            } else {
                if !character.isWhitespace { tokens.append(.mark(character)) }
                rest.removeFirst()
            }
        }
    }

    private func tables() -> [String] {
        var result: [String] = []
        /// For each open parenthesis, the word before it: `extract(epoch FROM …)` names no table.
        var openers: [String] = []
        /// For each level, whether a comma is followed by another table.
        var inFrom: [Bool] = [false]
        var index = 0
        while index < tokens.count {
            switch tokens[index] {
            case .mark("("):
                openers.append(index > 0 ? Self.keyword(tokens[index - 1]) : "")
                inFrom.append(false)
            case .mark(")"):
                if !openers.isEmpty { openers.removeLast() }
                if inFrom.count > 1 { inFrom.removeLast() }
            case .mark(",") where inFrom.last == true:
                index = take(after: index, into: &result)
                continue
            case .word:
                let word = Self.keyword(tokens[index])
                let before = index > 0 ? Self.keyword(tokens[index - 1]) : ""
                let isArgument = ["extract", "substring", "trim", "overlay"].contains(openers.last ?? "")
                if word == "from" && before != "distinct" && !isArgument || word == "join" {
                    if word == "from" { inFrom[inFrom.count - 1] = true }
                    index = take(after: index, into: &result)
                    continue
                }
                if ["where", "group", "order", "having", "limit", "union", "window", "select", "on"].contains(word) {
                    if word != "on" { inFrom[inFrom.count - 1] = false }
                }
            default: break
            }
            index += 1
        }
        return result
    }

    /// Reads the name after a FROM, JOIN or comma; returns where to go on.
    private func take(after start: Int, into result: inout [String]) -> Int {
        var index = start + 1
        while index < tokens.count, ["only", "lateral"].contains(Self.keyword(tokens[index])) { index += 1 }
        guard let first = name(index) else { return index }
        var text = first
        index += 1
        if index + 1 < tokens.count, tokens[index] == .mark("."), let second = name(index + 1) {
            text += "." + second
            index += 2
        }
        if index < tokens.count, tokens[index] == .mark("(") { return index }
        let schema = text.split(separator: ".").first.map { $0.lowercased() }
        if schema != "pg_catalog", schema != "information_schema", !text.hasPrefix("pg_") { result.append(text) }
        return index
    }

    private func withNames() -> Set<String> {
        var names: Set<String> = []
        for index in tokens.indices where Self.keyword(tokens[index]) == "as" && index > 0 {
            var next = index + 1
            while next < tokens.count, ["not", "materialized"].contains(Self.keyword(tokens[next])) { next += 1 }
            guard next < tokens.count, tokens[next] == .mark("(") else { continue }
            // `name AS (` or `name (a, b) AS (`
            var owner = index - 1
            if tokens[owner] == .mark(")") {
                while owner > 0, tokens[owner] != .mark("(") { owner -= 1 }
                owner -= 1
            }
            if owner >= 0, let name = name(owner) { names.insert(name) }
        }
        return names
    }

    private func name(_ index: Int) -> String? {
        guard index < tokens.count else { return nil }
        switch tokens[index] {
        case .word(let word): return word
        case .quoted(let name): return name
        case .mark: return nil
        }
    }

    private static func keyword(_ token: Token) -> String {
        if case .word(let word) = token { word.lowercased() } else { "" }
    }

    /// The text between two quotes, in which a doubled quote stands for one.
    private static func enclosed(_ rest: inout Substring, by quote: Character) -> String {
        var text = ""
        rest.removeFirst()
        while let character = rest.popFirst() {
            if character == quote {
                guard rest.first == quote else { break }
                text.append(rest.removeFirst())
            }
            text.append(character)
        }
        return text
    }

    private static func dollarTag(_ rest: Substring) -> String? {
        let body = rest.dropFirst().prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        let tag = "$" + body + "$"
        return body.first?.isNumber != true && rest.hasPrefix(tag) ? tag : nil
    }
}
