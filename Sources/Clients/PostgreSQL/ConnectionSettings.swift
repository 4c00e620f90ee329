import CLibPQ
import Maintenance

/// How one role reaches a database: the keywords of libpq, read from a URL, a keyword string or a service's name.
struct ConnectionSettings: Sendable, Hashable {
    /// Only what was given; libpq fills in the rest from its environment, service file and password file.
    let keywords: [String: String]
    /// `host:port/database`, from what was given and libpq's defaults.
    let place: String
    let user: String?

    /// The error never quotes the text, for a password may stand anywhere in it.
    init(_ text: String) throws(ValueError) {
        guard !text.isEmpty else { throw ValueError("an empty text where a PostgreSQL URL is expected") }
        guard !text.utf8.contains(0) else { throw ValueError("a NUL character in a PostgreSQL URL") }
        var message: UnsafeMutablePointer<CChar>?
        let parsed = PQconninfoParse(text, &message)
        defer { if let message { PQfreemem(message) } }
        guard let options = parsed else {
            throw ValueError(
                "not a URL that PostgreSQL's own tools understand, such as postgresql://role@host:5432/database "
                    + "(characters like @ / : # in a password are written as %40 %2F %3A %23)")
        }
        defer { PQconninfoFree(options) }
        self.init(keywords: Self.values(options))
    }

    init(service: String) {
        self.init(keywords: ["service": service])
    }

    private init(keywords: [String: String]) {
        self.keywords = keywords
        let defaults = keywords["service"] == nil ? Self.defaults() : [:]
        let value = { (name: String) in keywords[name].flatMap { $0.isEmpty ? nil : $0 } ?? defaults[name] }
        user = value("user")
        place = keywords["service"].map { "service \($0)" } ?? Self.place(value)
    }

    private static func place(_ value: (String) -> String?) -> String {
        let hosts = list(value("host") ?? value("hostaddr") ?? "localhost")
        let ports = list(value("port") ?? "5432")
        let places = hosts.enumerated().map { index, host in
            let port = ports.indices.contains(index) ? ports[index] : ports.last ?? "5432"
            let address = host.contains(":") && !host.hasPrefix("/") ? "[\(host)]" : host
            return "\(address.isEmpty ? "localhost" : address):\(port.isEmpty ? "5432" : port)"
        }
        return "\(places.joined(separator: ","))/\(value("dbname") ?? value("user") ?? "postgres")"
    }

    var identity: String { "postgresql \(place)" + (user.map { " as \($0)" } ?? "") }

    /// The parts of it that may not appear anywhere.
    var secrets: [String] {
        ["password", "sslpassword"].compactMap { keywords[$0] }.filter { !$0.isEmpty }
    }

    /// One set of keywords a host: libpq's non-blocking connect never leaves a first host that hangs.
    var attempts: [[String: String]] {
        let hosts = Self.list(keywords["host"] ?? "")
        let addresses = Self.list(keywords["hostaddr"] ?? "")
        let ports = Self.list(keywords["port"] ?? "")
        guard max(hosts.count, addresses.count) > 1 else { return [completed(keywords)] }
        return (0..<max(hosts.count, addresses.count)).map { index in
            var attempt = keywords
            attempt["host"] = hosts.indices.contains(index) ? hosts[index] : nil
            attempt["hostaddr"] = addresses.indices.contains(index) ? addresses[index] : nil
            attempt["port"] = ports.indices.contains(index) ? ports[index] : ports.last
            return completed(attempt.filter { !$0.value.isEmpty })
        }
    }

    private func completed(_ keywords: [String: String]) -> [String: String] {
        var keywords = keywords
        keywords["client_encoding"] = "UTF8"
        if keywords["application_name"] == nil { keywords["application_name"] = "millwright" }
        if keywords["tcp_user_timeout"] == nil {
            keywords["tcp_user_timeout"] = String(PostgreSQLLimits.unansweredMilliseconds)
        }
        if keywords["keepalives_idle"] == nil { keywords["keepalives_idle"] = "30" }
        return keywords
    }

    /// The same for a session that writes: a standby is passed over where several hosts are given, and refused where one is.
    var forWriting: ConnectionSettings {
        let attribute = "target_session_attrs"
        guard keywords[attribute] == nil, keywords["service"] == nil else { return self }
        return ConnectionSettings(keywords: keywords.merging([attribute: "read-write"]) { $1 })
    }

    /// libpq's defaults: PGHOST, the system's user …
    private static func defaults() -> [String: String] {
        guard let options = PQconndefaults() else { return [:] }
        defer { PQconninfoFree(options) }
        return values(options)
    }

    private static func list(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    private static func values(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
        var result: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { result[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return result
    }
}
