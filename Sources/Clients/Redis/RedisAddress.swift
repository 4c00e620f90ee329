import Maintenance

/// A server as a URL gives it: `redis://user:password@host:port/database`; `rediss` is TLS.
struct RedisAddress: Sendable {
    var isTLS = false
    var host = ""
    var port = 6379
    var database = 0
    var user: String?
    var password: Secret?

    /// The message never repeats the URL, for it may hold a password.
    init(url: String) throws(ValueError) {
        let parts = url.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "redis" || parts[0] == "rediss" else {
            throw ValueError("it begins with neither redis:// nor rediss://; \(Self.right)")
        }
        isTLS = parts[0] == "rediss"
        var rest = parts[1]
        if let slash = rest.lastIndex(of: "/") {
            let path = rest[rest.index(after: slash)...]
            guard path.isEmpty || (Int(path).map { (0...65_535).contains($0) } ?? false) else {
                throw ValueError("what follows the host is not the number of a database; \(Self.right)")
            }
            database = Int(path) ?? 0
            rest = rest[..<slash]
        }
        if let at = rest.lastIndex(of: "@") {
            try readUser(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        try readHost(rest)
    }

    private static let right = "write redis://host:6379/0, with user:password@ before the host where one is needed"

    private mutating func readUser(_ text: Substring) throws(ValueError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts[0].percentDecoded, let secret = parts.count == 2 ? parts[1].percentDecoded : "" else {
            throw ValueError("the user or password is not percent-encoded as a URL needs it; \(Self.right)")
        }
        user = name.isEmpty ? nil : name
        password = parts.count == 2 ? Secret(secret) : nil
    }

    private mutating func readHost(_ text: Substring) throws(ValueError) {
        var name = text
        var number: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else {
                throw ValueError("the `[` of the address has no `]`; \(Self.right)")
            }
            name = text[text.index(after: text.startIndex)..<end]
            let after = text[text.index(after: end)...]
            guard after.isEmpty || after.first == ":" else { throw ValueError("it has no host; \(Self.right)") }
            number = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = text.lastIndex(of: ":") {
            name = text[..<colon]
            number = text[text.index(after: colon)...]
        }
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw ValueError("it has no host; \(Self.right)")
        }
        host = String(name)
        guard let number else { return }
        guard let value = Int(number), (1...65_535).contains(value) else {
            throw ValueError("what follows the colon is not a port; \(Self.right)")
        }
        port = value
    }

    /// `host:port/database`, a literal IPv6 address in brackets.
    var place: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)" }

    /// What may be said of it.
    var identity: String { "redis \(place)" + (user.map { " as \($0)" } ?? "") }

    /// An address has no name that a certificate could be asked for by SNI.
    var isLiteralAddress: Bool {
        host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
    }
}
