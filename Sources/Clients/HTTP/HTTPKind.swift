import FoundationEssentials
public import Host
public import Maintenance

/// An endpoint that speaks HTTP, by its base URL; the paths of checks are taken under it.
public struct HTTPKind: TargetKind {
    public static let name = "http"
    public static let summary = "An HTTP endpoint by its base URL; checks name paths under it."
    public static let shorthand = "url"
    public static let schemes = ["http", "https"]
    public static var parameters: [Parameter<HTTPKind>] {
        [
            .required("url", \.url, "The base URL, such as https://api.example.com/v1; without user and password."),
            .optional("ca", \.ca, default: nil, "A PEM file of authorities to trust besides the system's."),
            .optional("headers", \.headers, default: [:], "Headers to send with each request; nothing secret."),
            .optional(
                "secret-headers", \.secretHeaders, default: [:],
                "Headers whose values are secret, such as an API key; each value a reference."),
            .optional("bearer", \.bearer, default: nil, "The token to send as `Authorization: Bearer`."),
            .optional("user", \.user, default: nil, "The user to sign in as; needs `password`."),
            .optional("password", \.password, default: nil, "The user's password."),
        ]
    }

    var url = ""
    var ca: String?
    var headers: [String: String] = [:]
    var secretHeaders: [String: Secret] = [:]
    var bearer: Secret?
    var user: String?
    var password: Secret?

    public init() {}

    public var identity: String { (try? BaseURL(url).identity) ?? "http" }

    public var secrets: [Secret] {
        var secrets = [bearer, password].compactMap { $0 } + secretHeaders.values
        // What Basic authorization sends is the Base64 of both together; the masker finds it by this.
        if let user, let password { secrets.append(Secret("\(user):\(password.reveal())")) }
        return secrets
    }

    public func validate() throws(ValueError) {
        do { _ = try BaseURL(url) } catch { throw error.under("url") }
        guard bearer == nil || user == nil && password == nil else {
            throw ValueError("either `bearer` or `user` and `password`, not both")
        }
        guard (user == nil) == (password == nil) else {
            throw ValueError("`user` and `password` belong together")
        }
        guard user?.contains(":") != true else { throw ValueError("a user name cannot hold a colon", path: ["user"]) }
        guard headers.count + secretHeaders.count <= HTTPLimits.headers else {
            throw ValueError("more than \(HTTPLimits.headers) headers", path: ["headers"])
        }
        for (name, value) in headers { try Self.check(name, value, in: "headers") }
        for (name, value) in secretHeaders { try Self.check(name, value.reveal(), in: "secret-headers") }
        for name in headers.keys where Self.secretNames.contains(name.lowercased()) {
            throw ValueError(
                "`\(name)` is secret: use `bearer`, `user` and `password`, or `secret-headers`", path: ["headers"])
        }
    }

    public func open(on host: Host) -> HTTPConnection { HTTPConnection(self, on: host) }

    public func access(
        _ client: HTTPConnection, for purpose: Purpose, in context: Context
    ) async throws -> HTTPAccess {
        guard let transport = client.transport else {
            throw CouldNotLook(.notSupported, "The URL is wrong; it must be like https://api.example.com/v1.")
        }
        return HTTPAccess(kind: self, transport: transport, purpose: purpose, context: context)
    }

    public func close(_ client: HTTPConnection) async { await client.close() }

    var requestHeaders: [(name: String, value: String)] {
        var all = headers.map { (name: $0.key, value: $0.value) }
        all += secretHeaders.map { (name: $0.key, value: $0.value.reveal()) }
        if let bearer { all.append((name: "Authorization", value: "Bearer \(bearer.reveal())")) }
        if let user, let password {
            let both = Data("\(user):\(password.reveal())".utf8).base64EncodedString()
            all.append((name: "Authorization", value: "Basic \(both)"))
        }
        return all
    }

    private static let secretNames: Set<String> = ["authorization", "proxy-authorization", "cookie", "x-api-key"]

    private static func check(_ name: String, _ value: String, in parameter: String) throws(ValueError) {
        let token = name.utf8.allSatisfy { $0 > 32 && $0 < 127 && !Array("()<>@,;:\\\"/[]?={}".utf8).contains($0) }
        guard !name.isEmpty, token else {
            throw ValueError("a header's name is a word such as `Accept`", path: [parameter])
        }
        guard value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else {
            throw ValueError("the value holds a line break or a control character", path: [parameter, name])
        }
        guard !["host", "content-length", "transfer-encoding", "connection"].contains(name.lowercased()) else {
            throw ValueError("`\(name)` is set by the client itself", path: [parameter])
        }
    }
}
