import Maintenance

/// A setting that a plan may change. A list of what may: none that holds a secret, names a file, or opens a door.
struct ServerSetting: Sendable {
    let name: String
    /// True where the value is an amount of bytes, which the server says in figures.
    let isBytes: Bool

    static let names: [String] = all.map(\.name)

    static func named(_ name: String) -> ServerSetting? { all.first { $0.name == name } }

    private static let all: [ServerSetting] =
        ["maxmemory", "active-defrag-ignore-bytes"].map { ServerSetting(name: $0, isBytes: true) }
        + [
            "maxmemory-policy", "maxmemory-samples", "maxmemory-eviction-tenacity", "lfu-log-factor", "lfu-decay-time",
            "lazyfree-lazy-eviction", "lazyfree-lazy-expire", "lazyfree-lazy-server-del", "lazyfree-lazy-user-del",
            "lazyfree-lazy-user-flush", "active-expire-effort", "activedefrag", "active-defrag-threshold-lower",
            "active-defrag-threshold-upper", "active-defrag-cycle-min", "active-defrag-cycle-max",
            "active-defrag-max-scan-fields", "hash-max-listpack-entries", "hash-max-listpack-value",
            "hash-max-ziplist-entries", "hash-max-ziplist-value", "list-max-listpack-size", "list-max-ziplist-size",
            "list-compress-depth", "set-max-intset-entries", "set-max-listpack-entries", "zset-max-listpack-entries",
            "zset-max-listpack-value", "zset-max-ziplist-entries", "zset-max-ziplist-value", "slowlog-log-slower-than",
            "slowlog-max-len", "latency-monitor-threshold", "timeout", "tcp-keepalive", "maxclients", "hz",
            "dynamic-hz",
            "save", "stop-writes-on-bgsave-error", "rdbcompression", "auto-aof-rewrite-percentage",
        ].map { ServerSetting(name: $0, isBytes: false) }

    /// The value as the server says it.
    static func canonical(_ name: String, _ value: String) -> String {
        guard named(name)?.isBytes == true, let bytes = bytes(value) else { return value }
        return String(bytes)
    }

    static func isSame(_ live: String, _ wanted: String) -> Bool { live.lowercased() == wanted.lowercased() }

    /// `2 GiB` as plans write it, or `2gb` as the server's file does: there `gb` is 1024³ and `g` 1000³.
    static func bytes(_ text: String) -> Int64? {
        let factors = ["k": 1000, "kb": 1024, "m": 1_000_000, "mb": 1 << 20, "g": 1_000_000_000, "gb": 1 << 30]
        let figures = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(figures.count)
        if let number = Int64(figures), let factor = factors[unit.lowercased()], unit.lowercased() == unit {
            let (bytes, isTooLarge) = number.multipliedReportingOverflow(by: Int64(factor))
            return isTooLarge ? nil : bytes
        }
        return (try? ByteCount.read(.text(text)))?.bytes
    }
}
