public import Host
public import Maintenance

/// An endpoint that speaks TLS, for what can be said of its certificates.
public struct TLSKind: TargetKind {
    var address: String?
    var url: String?
    var authorityFile: String?
    var serverName: String?

    public static let name = "tls"
    public static let summary = "An endpoint that speaks TLS from the first byte, such as HTTPS."
    public static let shorthand = "address"
    public static let schemes = ["tls"]
    public static let parameters: [Parameter<TLSKind>] = [
        .optional(
            "address", \.address, default: nil, "`host:port`, `tls://host:port` or an https URL; the port is 443."),
        .optional("url", \.url, default: nil, "The same, under the name that an http target has for it."),
        .optional(
            "ca", \.authorityFile, default: nil,
            "A PEM file of authorities to trust besides the system's."),
        .optional(
            "server-name", \.serverName, default: nil, "The name to ask for, where it is not the address's host."),
    ]

    /// The settings of an `http` target that make a `tls` target of the same endpoint; its others mean nothing here.
    public static let settingsTakenFromHTTP = ["url", "ca"]

    public init() {}

    public func validate() throws(ValueError) { _ = try endpoint }

    public var identity: String {
        guard let endpoint = try? endpoint else { return "tls" }
        let name = serverName.map { " as \($0)" } ?? ""
        return "tls \(endpoint.place)\(name)"
    }

    public func open(on host: Host) -> TLSClient { TLSClient(authorityFile: authorityFile, on: host) }

    public func access(_ client: TLSClient, for purpose: Purpose, in context: Context) async throws -> TLSAccess {
        // What `validate` has passed has an endpoint.
        guard let endpoint = try? endpoint else {
            throw CouldNotLook(.malformed, "The tls target has no address.")
        }
        return TLSAccess(
            identity: identity, host: endpoint.host, port: endpoint.port,
            serverName: ServerName(serverName ?? endpoint.host), link: client.link, in: context)
    }

    public func close(_ client: TLSClient) async {}

    private var endpoint: TLSEndpoint {
        get throws(ValueError) {
            guard let text = address ?? url else { throw ValueError("tls needs the parameter `address`") }
            if address != nil, url != nil {
                throw ValueError("`url` is another name of `address`: give one of them", path: ["url"])
            }
            do { return try TLSEndpoint(text) } catch { throw error.under(address == nil ? "url" : "address") }
        }
    }
}

/// Where an endpoint listens.
struct TLSEndpoint: Hashable, Sendable {
    let host: String
    let port: Int

    /// Takes `host`, `host:port`, `[::1]:443`, `tls://host:port` and https URLs, whose path and user are left out.
    init(_ text: String) throws(ValueError) {
        var rest = text[...]
        if let scheme = text.firstRange(of: "://") {
            guard text[..<scheme.lowerBound] == "https" || text[..<scheme.lowerBound] == "tls" else {
                throw ValueError("it has no certificate: an address begins with https:// or tls://, or is host:port")
            }
            rest = text[scheme.upperBound...]
        }
        rest = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
        var name = rest
        var number: Substring?
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { throw ValueError("the `[` of the address has no `]`") }
            name = rest[rest.index(after: rest.startIndex)..<end]
            let after = rest[rest.index(after: end)...]
            number = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = rest.lastIndex(of: ":") {
            name = rest[..<colon]
            number = rest[rest.index(after: colon)...]
        }
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw ValueError("it has no host: write host:port, with a name in its ASCII form (xn--…)")
        }
        host = String(name)
        guard let number else {
            port = 443
            return
        }
        guard let value = Int(number), (1...65_535).contains(value) else {
            throw ValueError("what follows the colon is not a port: write host:port")
        }
        port = value
    }

    /// `host:port`, a literal IPv6 address in brackets.
    var place: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}
