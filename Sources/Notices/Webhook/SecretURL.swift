import ClientHTTP
import Maintenance

/// A URL that is itself a secret, as those of webhooks are: only its scheme, host and port may appear.
struct SecretURL: Sendable {
    let endpoint: HTTPEndpoint
    /// With its query, in percent form.
    let path: String
    let identity: String
    /// What of it must not appear.
    let secrets: [Secret]

    init(_ secret: Secret, ca: String? = nil) throws(ValueError) {
        let text = secret.reveal()
        guard let mark = text.firstRange(of: "://"), !text.contains("#") else {
            throw ValueError("not a URL such as https://hooks.example.com/…")
        }
        let rest = text[mark.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let origin = String(text[..<mark.upperBound] + authority)
        let whole = try HTTPEndpoint(url: text)
        endpoint = try HTTPEndpoint(url: origin, trust: ca.map { .file($0) } ?? .system)
        let tail = rest.dropFirst(authority.count)
        path = tail.hasPrefix("/") ? String(tail) : "/" + tail
        let shown = endpoint.identity
        identity = shown
        let place = tail.prefix { $0 != "?" }
        let values = tail.dropFirst(place.count).split { "?&".contains($0) }
            .map { $0.contains("=") ? $0.drop { $0 != "=" }.dropFirst() : $0 }
        // A short path is no secret, and hiding it would hide ordinary text.
        let parts = [path, String(place)] + values.map(String.init) + place.split(separator: "/").map(String.init)
        secrets = ([text, whole.identity] + parts.filter { $0.utf8.count >= NoticeLimits.shortestSecretPart })
            .filter { $0 != shown && $0 != origin }.map { Secret($0) }
    }
}
