/// The keys of the STEAMTRAP cache and of its neighbours.
extension SteamTrapSandbox {
    static let configurationKeys = 200

    /// The least that deleting by pattern needs: no way to read or write a value.
    private static let commands = [
        "+ping", "+select", "+time", "+scan", "+pttl", "+type", "+object|idletime", "+eval", "+unlink",
    ]

    func fillCache() async throws {
        try await grantCache()
        var commands: [[[UInt8]]] = []
        for index in 0..<size.keys {
            commands.append(command(index))
            if commands.count == 20_000 {
                try await cache.load(commands)
                commands.removeAll(keepingCapacity: true)
            }
        }
        try await cache.load(commands + Self.oddNames.map { Self.set("steam-trap:cache:".utf8 + $0, lives: 7200) })
    }

    func grantCache() async throws {
        try await cache.command(
            ["ACL", "SETUSER", "millwright", "reset", "on", ">" + passwords.cache, "~steam-trap:*"] + Self.commands)
    }

    func changeCache(round: Int) async throws -> [String] {
        let count = max(20, size.keys / 400)
        try await cache.load(
            (0..<count).map { Self.set("steam-trap:cache:round-\(round):\($0)".utf8, lives: 3600) })
        return ["\(count) new keys in the cache"]
    }

    /// Of seven keys two belong to the cache; the others are the configuration and the neighbours of its name.
    private func command(_ index: Int) -> [[UInt8]] {
        if index < Self.configurationKeys { return Self.set("steam-trap:config:\(index)".utf8, lives: nil) }
        let hours = 1 + index % 12
        switch index % 7 {
        case 0: return Self.set("steam-trap:cache:site:\(index % 40):trap:\(index)".utf8, lives: hours * 3600)
        case 1: return Self.set("steam-trap:cache:report:\(index)".utf8, lives: hours * 3600)
        case 2: return Self.set("steam-trapped:cache:\(index)".utf8, lives: nil)
        case 3: return Self.set("billing:invoice:\(index)".utf8, lives: nil)
        case 4: return ["HSET", "billing:account:\(index)", "balance", "\(index)"].map { Array($0.utf8) }
        case 5: return Self.set("old-steam-trap:cache:\(index)".utf8, lives: 86_400)
        default: return ["RPUSH", "queue:mail:\(index)", "a", "b"].map { Array($0.utf8) }
        }
    }

    /// Names that break every script which pipes keys through a shell.
    private static let oddNames: [[UInt8]] =
        [
            "with space", "two  spaces ", " leading", "'single'", "\"double\"", "back\\slash", "new\nline",
            "car\rriage",
            "tab\tbed", "glob*", "glob?[a-z]", "brace{tag}", "$(reboot)", "`id`", "; FLUSHALL", "-n", "--", "ümlaut",
            "键",
            "percent%20", "a,b", "#hash", "<xml/>", "null\u{0}byte", "",
        ].map { Array($0.utf8) } + [[0xff, 0xfe, 0x80], [0xc3, 0x28], [0, 1, 2, 3, 13, 10, 255]]

    private static func set(_ name: some Sequence<UInt8>, lives seconds: Int?) -> [[UInt8]] {
        let end = seconds.map { ["EX", "\($0)"] } ?? []
        let value = #"{"cached":true,"by":"steam-trap-inspector"}"#
        return [Array("SET".utf8), Array(name)] + ([value] + end).map { Array($0.utf8) }
    }
}

private func + (left: String.UTF8View, right: [UInt8]) -> [UInt8] { Array(left) + right }
