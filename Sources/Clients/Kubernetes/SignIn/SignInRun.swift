import ClientHTTP
import ClientPrograms
import FoundationEssentials
import Host
import Maintenance

/// One run of a sign-in program. What it writes is a secret, so that nothing of it is shown, noted or logged.
struct SignInRun {
    struct Answer: Sendable {
        var token: Secret?
        var certificate: HTTPEndpoint.ClientCertificate?
        var expires: Instant?
    }

    /// What cloud providers' programs read besides what every program is given.
    private static let passedOn = [
        "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CA_BUNDLE", "AWS_STS_REGIONAL_ENDPOINTS", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "CLOUDSDK_CORE_PROJECT", "CLOUDSDK_CORE_ACCOUNT",
        "CLOUDSDK_ACTIVE_CONFIG_NAME", "AZURE_CONFIG_DIR", "AZURE_CLIENT_ID", "AZURE_TENANT_ID",
        "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_AUTHORITY_HOST", "AAD_LOGIN_METHOD", "DIGITALOCEAN_ACCESS_TOKEN", "KUBECONFIG", "VAULT_ADDR",
        "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY",
        "NO_PROXY", "https_proxy", "http_proxy", "no_proxy",
    ]

    let program: SignInProgram
    let settings: KubernetesSettings
    let context: Context

    init(program: SignInProgram, settings: KubernetesSettings, in context: Context) {
        self.program = program
        self.settings = settings
        self.context = context
    }

    func run() async throws -> Answer {
        let kind = HostKind()
        let client = kind.open(on: context.host)
        let limit = context.host.steady() + KubernetesLimits.signIn
        // Its own log and no progress: its output holds the token.
        let unseen = Context(
            host: context.host, deadline: min(context.deadline, limit), label: context.label,
            childStarted: context.childStarted)
        let access = try await kind.access(client, for: .change, in: unseen)
        let result: ProgramResult
        do {
            result = try await access.run(try command())
        } catch let error as ChangeFailed {
            throw CouldNotLook(.signInFailed, "\(name) could not be run: \(error.cause.sentence)\(hint)")
        } catch let error as CouldNotLook {
            throw CouldNotLook(.signInFailed, "\(name): \(error.cause.sentence)")
        }
        guard result.ending == .exited(0) else {
            throw CouldNotLook(
                .signInFailed,
                "\(name) failed (\(Self.words(result.ending))): run `\(program.command)` by hand to see why, and sign in "
                    + "where it asks for it.\(hint)")
        }
        return try answer(Array(result.standardOutput.utf8))
    }

    private var name: String { "The sign-in program of the context `\(settings.context)`" }

    private var hint: String {
        program.installHint.map { " \($0.split(separator: "\n").first.map(String.init)?.prefix(200) ?? "")" } ?? ""
    }

    private func command() throws -> ProgramCommand {
        var environment: [String: String] = [:]
        for name in Self.passedOn {
            if let value = context.host.environment(name), !value.isEmpty { environment[name] = value }
        }
        environment.merge(program.environment) { _, given in given }
        environment["KUBERNETES_EXEC_INFO"] = String(decoding: try encodeJSON(information), as: UTF8.self)
        return ProgramCommand([program.command] + program.arguments, environment: environment)
    }

    private var information: JSONValue {
        var spec: [String: JSONValue] = ["interactive": false]
        if program.wantsCluster {
            var cluster: [String: JSONValue] = ["server": .text(settings.url)]
            if let name = settings.serverName { cluster["tls-server-name"] = .text(name) }
            if settings.isInsecure { cluster["insecure-skip-tls-verify"] = true }
            if let authorities = settings.authorities {
                cluster["certificate-authority-data"] = .text(Data(authorities).base64EncodedString())
            }
            spec["cluster"] = .object(cluster)
        }
        return .object([
            "apiVersion": .text(program.apiVersion), "kind": "ExecCredential", "spec": .object(spec),
        ])
    }

    /// Reads an ExecCredential.
    private func answer(_ bytes: [UInt8]) throws -> Answer {
        let json: JSONValue
        do { json = try KubernetesJSON.read(bytes) } catch {
            throw CouldNotLook(.signInFailed, "\(name) wrote something that is no ExecCredential in JSON.")
        }
        guard json["kind"] == "ExecCredential", json["apiVersion"]?.asText == program.apiVersion else {
            throw CouldNotLook(
                .signInFailed, "\(name) wrote no ExecCredential of \(program.apiVersion): its version is another one.")
        }
        guard let status = json["status"] else {
            throw CouldNotLook(.signInFailed, "\(name) gave no credential (`status` is missing).")
        }
        var answer = Answer()
        answer.token = status["token"]?.asText.flatMap { $0.isEmpty ? nil : Secret($0) }
        let chain = status["clientCertificateData"]?.asText ?? ""
        let key = status["clientKeyData"]?.asText ?? ""
        guard chain.isEmpty == key.isEmpty else {
            throw CouldNotLook(.signInFailed, "\(name) gave a client certificate without its key, or the reverse.")
        }
        if !chain.isEmpty {
            answer.certificate = HTTPEndpoint.ClientCertificate(chain: Array(chain.utf8), key: Secret(key))
        }
        guard answer.token != nil || answer.certificate != nil else {
            throw CouldNotLook(.signInFailed, "\(name) gave neither a token nor a client certificate.")
        }
        if let text = status["expirationTimestamp"]?.asText {
            guard let expires = Instant(text) else {
                throw CouldNotLook(.signInFailed, "\(name) gave an `expirationTimestamp` that is no time.")
            }
            answer.expires = expires
        }
        return answer
    }

    private static func words(_ ending: ProgramResult.Ending) -> String {
        switch ending {
        case .exited(let code): "exit code \(code)"
        case .signalled(let signal): "signal \(signal)"
        }
    }
}
