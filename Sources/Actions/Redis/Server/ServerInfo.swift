import ClientRedis
import Maintenance

/// What the server said of itself: everything in one answer, so that its numbers are of one moment.
struct ServerInfo: Sendable {
    private let fields: [String: String]
    private let identity: String

    /// The server's own name for its process: a place in the table of one means nothing to another.
    static func process(_ access: RedisAccess) async throws -> String {
        try await read(access, "server").requiredText("run_id")
    }

    static func read(_ access: RedisAccess, _ section: String = "all") async throws -> ServerInfo {
        let command = RedisCommand("INFO", section)
        guard let text = try await access.ask(command).asText else { throw access.malformed(command) }
        return ServerInfo(text, identity: access.identity)
    }

    init(_ text: String, identity: String) {
        var fields: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[String(line[..<colon])] = String(line[line.index(after: colon)...])
        }
        self.fields = fields
        self.identity = identity
    }

    func text(_ name: String) -> String? { fields[name] }

    /// `nil` where the server says nothing of it, or no number.
    func number(_ name: String) -> Double? { fields[name].flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil } }

    /// What no judgement can do without.
    func required(_ name: String) throws -> Double {
        guard let number = number(name) else { throw isSilent(of: name) }
        return number
    }

    func requiredText(_ name: String) throws -> String {
        guard let text = fields[name] else { throw isSilent(of: name) }
        return text
    }

    /// A field whose value is a list such as `keys=5,expires=2`.
    func parts(_ name: String) -> [String: String]? {
        fields[name].map { Self.parts(of: $0) }
    }

    /// The lists of all fields whose names begin so and go on with a number: `db0`, `slave1`.
    func numbered(_ prefix: String) -> [(number: Int, parts: [String: String])] {
        fields.compactMap { name, value in
            guard name.hasPrefix(prefix), value.contains("="), let number = Int(name.dropFirst(prefix.count)) else {
                return nil
            }
            return (number, Self.parts(of: value))
        }.sorted { $0.number < $1.number }
    }

    /// How often commands were called since the counters began.
    func calls(of commands: [String]) -> Double {
        commands.reduce(0) { $0 + (parts("cmdstat_\($1)")?["calls"].flatMap { Double($0) } ?? 0) }
    }

    var isReplica: Bool { fields["role"] == "slave" }

    private static func parts(of value: String) -> [String: String] {
        var parts: [String: String] = [:]
        for item in value.split(separator: ",") {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { parts[String(pair[0])] = String(pair[1]) }
        }
        return parts
    }

    private func isSilent(of name: String) -> CouldNotLook {
        CouldNotLook(
            .notSupported, "\(identity) does not say `\(name)` in INFO: it is of a version or a service without it.")
    }
}
