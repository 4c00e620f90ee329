import Maintenance

/// A base URL taken apart. Whatever a path brings, the request stays on this scheme, host and port.
///
/// Messages never repeat the text: it may hold a password in a place where none is expected.
struct BaseURL: Hashable, Sendable {
    let scheme: String
    private(set) var host: String
    let port: Int
    /// Empty, or begins with a slash.
    let path: String
    let query: String?

    init(_ text: String) throws(ValueError) {
        guard let mark = text.firstRange(of: "://"), text.count <= HTTPLimits.url else {
            throw ValueError("not a URL such as https://api.example.com/v1")
        }
        scheme = text[..<mark.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw ValueError("the scheme is neither `http` nor `https`")
        }
        let rest = text[mark.upperBound...]
        guard !rest.contains("#") else { throw ValueError("a `#` part is never sent; leave it out") }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else {
            throw ValueError("the URL holds a user or a password; give them as `user` and `password`, or `bearer`")
        }
        (host, port) = try Self.hostAndPort(authority, standard: scheme == "https" ? 443 : 80)
        (path, query) = try Self.pathAndQuery(rest.dropFirst(authority.count))
    }

    /// What may appear anywhere: never the query, which often carries a key.
    var identity: String { "\(scheme)://\(authority)\(path)" }

    /// A host that is an address has no name to be checked or announced.
    var isAddress: Bool { host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." } }

    /// The same under another host's name.
    func named(_ name: String?) -> BaseURL {
        guard let name else { return self }
        var other = self
        other.host = name
        return other
    }

    private var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    /// The URL for a path under this one, and how it may be shown: without the values of its query.
    func appending(_ text: String) throws(ValueError) -> (url: String, shown: String) {
        let (more, moreQuery) = try Self.pathAndQuery(text[...])
        var whole = path
        if !more.isEmpty {
            while whole.hasSuffix("/") { whole.removeLast() }
            whole += more.hasPrefix("/") ? more : "/" + more
        }
        if whole.isEmpty { whole = "/" }
        let queries = [query, moreQuery].compactMap { $0 }.filter { !$0.isEmpty }
        let url = "\(scheme)://\(authority)\(whole)"
        guard !queries.isEmpty else { return (url, whole) }
        let query = queries.joined(separator: "&")
        guard url.count + query.count < HTTPLimits.url else {
            throw ValueError("the URL is longer than \(HTTPLimits.url) characters")
        }
        let names = query.split(separator: "&").map { $0.contains("=") ? $0.prefix { $0 != "=" } + "=…" : "…" }
        return (url + "?" + query, whole + "?" + names.joined(separator: "&"))
    }

    private static func hostAndPort(_ text: Substring, standard: Int) throws(ValueError) -> (String, Int) {
        var host = text
        var rest: Substring = ""
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            rest = text[colon...]
        }
        guard !host.isEmpty else { throw ValueError("the URL names no host") }
        guard host.utf8.allSatisfy({ Self.hostBytes.contains($0) }) else {
            throw ValueError("the host holds a character that no host name has; write it in its ASCII form")
        }
        if rest.isEmpty { return (host.lowercased(), standard) }
        guard rest.hasPrefix(":"), let port = Int(rest.dropFirst()), (1...65_535).contains(port) else {
            throw ValueError("the port is not a number from 1 to 65535")
        }
        return (host.lowercased(), port)
    }

    private static func pathAndQuery(_ text: Substring) throws(ValueError) -> (String, String?) {
        guard text.utf8.allSatisfy({ Self.pathBytes.contains($0) }) else {
            throw ValueError("the path holds a character that a URL cannot have; write it in percent form, such as %20")
        }
        let path = text.prefix { $0 != "?" }
        guard !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else {
            throw ValueError("the path holds `.` or `..`")
        }
        return (String(path), path.count < text.count ? String(text.dropFirst(path.count + 1)) : nil)
    }

    private static let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
    private static let hostBytes = letters.union(Set("-._:".utf8))
    private static let pathBytes = letters.union(Set("-._~!$&'()*+,;=:@/?%".utf8))
}
