import ClientHTTP
import Host
import Maintenance

/// What a user is known by, for a while.
struct KubernetesCredential: Sendable {
    /// Tells a credential from the one that replaced it.
    let generation: Int
    var token: Secret?
    /// Of a sign-in program; a kubeconfig's own certificate is part of the endpoint.
    var certificate: HTTPEndpoint.ClientCertificate?
    /// By the wall clock, as its issuer says; `nil` where it says nothing.
    var expires: Instant?
    /// By the steady clock: when to look for a newer one.
    var rereads: Duration?

    var headers: [(name: String, value: String)] {
        token.map { [(name: "Authorization", value: "Bearer \($0.reveal())")] } ?? []
    }

    func isFresh(on host: Host) -> Bool {
        if let expires, host.now() + KubernetesLimits.expiryMargin >= expires { return false }
        if let rereads, host.steady() >= rereads { return false }
        return true
    }
}
