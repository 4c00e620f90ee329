public import Host
public import Maintenance

/// A Redis server, or one that speaks its protocol (Valkey, KeyDB, ElastiCache), or any node of a cluster.
public struct RedisKind: TargetKind {
    var url: Secret?
    var look: Secret?
    var change: Secret?
    var user: String?
    var password: Secret?
    var authorityFile: String?

    public static let name = "redis"
    public static let summary = "A Redis server, or one that speaks its protocol, and one of its databases."
    public static let shorthand = "url"
    public static let schemes = ["redis", "rediss"]
    public static let parameters: [Parameter<RedisKind>] = [
        .optional(
            "url", \.url, default: nil,
            "Where it is: redis://user:password@host:6379/0, or rediss:// for TLS. Used for looking and for changing."),
        .optional("look", \.look, default: nil, "The URL to look with, where its user is another one."),
        .optional("change", \.change, default: nil, "The URL to change with, where its user is another one."),
        .optional("user", \.user, default: nil, "The ACL user, where the URL names none."),
        .optional("password", \.password, default: nil, "The password, where the URL has none."),
        .optional(
            "ca-file", \.authorityFile, default: nil,
            "A PEM file of the certificate authorities to trust in the place of the system's."),
    ]

    public init() {}

    public func validate() throws(ValueError) {
        let looking = try address(for: .look)
        let changing = try address(for: .change)
        guard looking.place == changing.place else {
            throw ValueError(
                "the two URLs name different servers or databases: one target is one place", path: ["change"])
        }
        if authorityFile != nil, !looking.isTLS {
            throw ValueError("the URL is not rediss://, so there is no certificate to check", path: ["ca-file"])
        }
    }

    public var identity: String {
        (try? address(for: .look))?.identity ?? "redis"
    }

    public var place: String? { (try? address(for: .change)).map { "redis \($0.place)" } ?? identity }

    public var secrets: [Secret] {
        var found = [password].compactMap(\.self)
        for purpose in [Purpose.look, .change] {
            guard let address = try? address(for: purpose), let secret = address.password else { continue }
            found.append(secret)
            if let given = given(for: purpose)?.url { found.append(given) }
        }
        return found.filter { !$0.isEmpty }
    }

    public func open(on host: Host) -> RedisClient {
        func connector(_ purpose: Purpose) -> RedisConnector? {
            (try? address(for: purpose)).map { RedisConnector(address: $0, authorityFile: authorityFile, host: host) }
        }
        return RedisClient(look: connector(.look), change: connector(.change), on: host)
    }

    public func access(_ client: RedisClient, for purpose: Purpose, in context: Context) async throws -> RedisAccess {
        // The user who changes may be another than the one who looks.
        let identity = (try? address(for: purpose))?.identity ?? identity
        return RedisAccess(identity: identity, purpose: purpose, link: client.link, in: context)
    }

    public func close(_ client: RedisClient) async { client.close() }

    private func given(for purpose: Purpose) -> (key: String, url: Secret)? {
        if purpose == .look, let look { return ("look", look) }
        if purpose == .change, let change { return ("change", change) }
        return url.map { ("url", $0) }
    }

    private func address(for purpose: Purpose) throws(ValueError) -> RedisAddress {
        guard let (key, url) = given(for: purpose) else {
            throw ValueError("redis needs the parameter `url`, or both `look` and `change`")
        }
        var address: RedisAddress
        do { address = try RedisAddress(url: url.reveal()) } catch { throw error.under(key) }
        address.user = address.user ?? user
        address.password = address.password ?? password
        guard address.user == nil || address.password != nil else {
            throw ValueError("there is a user and no password: write redis://user:password@host", path: [key])
        }
        return address
    }
}
