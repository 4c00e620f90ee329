import Host

/// A container image's name as a node's runtime resolves it.
struct ImageName: Sendable {
    let given: String

    init(_ given: String) { self.given = given }

    /// `docker.io/greenlang/worker:v2.4.2`.
    var full: String {
        let first = given.split(separator: "/").first ?? ""
        let hasHost = given.contains("/") && (first.contains(".") || first.contains(":") || first == "localhost")
        let named = hasHost ? given : given.contains("/") ? "docker.io/" + given : "docker.io/library/" + given
        let last = named.split(separator: "/").last ?? ""
        return last.contains(":") || named.contains("@") ? named : named + ":latest"
    }

    private var repository: String {
        if let at = full.firstIndex(of: "@") { return String(full[..<at]) }
        guard let colon = full.lastIndex(of: ":") else { return full }
        return String(full[..<colon])
    }

    /// `docker.io/greenlang/worker@sha256:…`: the same for the same name.
    var withDigest: String {
        if full.contains("@") { return full }
        let digest = SeededGenerator.hex(of: full)
        return "\(repository)@sha256:\(digest)"
    }

    var size: Int { 60_000_000 + full.utf8.reduce(7) { ($0 &* 31 &+ Int($1)) % 90_000_000 } }

    /// How containerd says that the registry does not have it.
    var notFound: String {
        "rpc error: code = NotFound desc = failed to pull and unpack image \"\(full)\": failed to resolve reference "
            + "\"\(full)\": \(full): not found"
    }
}
