/// What a server says of itself when it is signed in to.
public struct RedisServerFacts: Hashable, Sendable {
    public enum Mode: String, Sendable { case standalone, cluster, sentinel }

    /// nil where the server does not say, so that nobody takes a part of the keys for all of them.
    public let mode: Mode?
    public let isReplica: Bool
    public let version: String
    /// 2 or 3.
    public let protocolVersion: Int

    public init(mode: Mode?, isReplica: Bool = false, version: String = "", protocolVersion: Int = 3) {
        self.mode = mode
        self.isReplica = isReplica
        self.version = version
        self.protocolVersion = protocolVersion
    }

    /// True where the version that it gives is this one or later; a server that gives none is taken for an old one.
    public func isAtLeast(_ major: Int, _ minor: Int = 0) -> Bool {
        let parts = version.split(separator: ".").prefix(2).compactMap { Int($0) }
        guard let first = parts.first else { return false }
        return (first, parts.count > 1 ? parts[1] : 0) >= (major, minor)
    }

    /// From the reply to HELLO.
    init(hello: RedisValue) {
        mode = hello.value(after: "mode")?.asText.flatMap(Mode.init)
        let role = hello.value(after: "role")?.asText
        isReplica = role == "replica" || role == "slave"
        version = hello.value(after: "version")?.asText ?? ""
        protocolVersion = Int(hello.value(after: "proto")?.asNumber ?? 2)
    }

    /// From the reply to INFO, where the server knows no HELLO (before version 6).
    init(info: RedisValue) {
        var fields: [Substring: Substring] = [:]
        for line in (info.asText ?? "").split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        mode = fields["redis_mode"].flatMap { Mode(rawValue: String($0)) }
        isReplica = fields["role"] == "slave"
        version = fields["redis_version"].map(String.init) ?? ""
        protocolVersion = 2
    }
}
