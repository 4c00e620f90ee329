import ClientHTTP
import Maintenance

/// How to reach one cluster as one user, as configuration says it.
struct KubernetesSettings: Sendable {
    /// The context's name; `in-cluster` where a pod looks at its own cluster.
    var context: String
    var namespace: String
    var url: String
    var trust = HTTPEndpoint.Trust.system
    var isInsecure = false
    var serverName: String?
    var clientCertificate: HTTPEndpoint.ClientCertificate?
    var signIn = KubernetesSignIn.none
    /// Headers that name whom to act as.
    var actingAs: [(name: String, value: String)] = []
    /// What a sign-in program may be told about the cluster.
    var authorities: [UInt8]?

    var identity: String {
        let place = (try? HTTPEndpoint(url: url).identity) ?? "its server"
        return "kubernetes \(context)/\(namespace) at \(place)"
    }

    func endpoint(certificate: HTTPEndpoint.ClientCertificate? = nil) throws -> HTTPEndpoint {
        do {
            return try HTTPEndpoint(
                url: url, trust: trust, isInsecure: isInsecure, clientCertificate: certificate ?? clientCertificate,
                serverName: serverName)
        } catch {
            throw CouldNotLook(.malformed, "The server's URL of the context `\(context)` is wrong: \(error.message).")
        }
    }
}

/// Where the credential of a user comes from.
enum KubernetesSignIn: Sendable {
    /// A client certificate, or nothing at all.
    case none
    case token(Secret)
    /// A file that is replaced from time to time; the secret is used while the file cannot be read.
    case tokenFile(String, otherwise: Secret?)
    case program(SignInProgram)
}

/// A sign-in program (client.authentication.k8s.io), as a kubeconfig names it.
struct SignInProgram: Sendable {
    var command: String
    var arguments: [String]
    var environment: [String: String]
    var apiVersion: String
    /// What to do where the program is not found; a line of the kubeconfig's author.
    var installHint: String?
    /// True where it wants to know the cluster.
    var wantsCluster: Bool
}
