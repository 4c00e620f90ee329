import Host
import Maintenance

/// What requests are signed with.
struct AWSCredentials: Sendable {
    let accessKey: String
    let secretKey: Secret
    var sessionToken: Secret?
    /// When the store refuses them; `nil` where nobody said.
    var expires: Instant?
    /// Where they came from, for people: "the environment".
    let source: String

    init(
        accessKey: String, secretKey: Secret, sessionToken: Secret? = nil, expires: Instant? = nil, source: String
    ) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.expires = expires
        self.source = source
    }

    func isFresh(at now: Instant) -> Bool {
        guard let expires else { return true }
        return now + ObjectStoreLimits.renewal < expires
    }
}
