import ClientHTTP
import Host
import Maintenance

/// AWS's Security Token Service: a role's credentials for those of another, or for a token of an identity provider.
struct TokenService: Sendable {
    let host: Host
    let region: String

    func assume(
        _ role: String, session: String, externalID: String?, with base: AWSCredentials, in context: Context
    ) async throws -> AWSCredentials {
        var form = [("Action", "AssumeRole"), ("RoleArn", role), ("RoleSessionName", session)]
        if let externalID { form.append(("ExternalId", externalID)) }
        return try await ask(form, signedBy: base, source: "the role that \(base.source) takes on", in: context)
    }

    func assume(
        _ role: String, session: String, token: String, in context: Context
    ) async throws -> AWSCredentials {
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"), ("RoleArn", role), ("RoleSessionName", session),
            ("WebIdentityToken", token),
        ]
        return try await ask(form, signedBy: nil, source: "the web identity", in: context)
    }

    private func ask(
        _ form: [(String, String)], signedBy base: AWSCredentials?, source: String, in context: Context
    ) async throws -> AWSCredentials {
        let url = host.environment("AWS_ENDPOINT_URL_STS") ?? "https://sts.\(region).\(S3Address.domain(of: region))"
        let endpoint: HTTPEndpoint
        do { endpoint = try HTTPEndpoint(url: url) } catch {
            throw CredentialChain.failed("The URL of the token service is wrong: \(error.message).")
        }
        let body = Array(AWSText.query(form + [("Version", "2011-06-15")]).utf8)
        var headers = [
            (name: "Host", value: endpoint.hostHeader),
            (name: "Content-Type", value: "application/x-www-form-urlencoded; charset=utf-8"),
        ]
        if let base {
            let path = endpoint.path.isEmpty ? "/" : endpoint.path
            headers = SignatureV4(region: region, service: "sts", credentials: base, now: host.now())
                .signed(.init(method: "POST", path: path, query: "", headers: headers, body: body))
        }
        let answer = try await OneCall.send(
            HTTPCall("POST", "", headers: headers, body: body), to: endpoint, in: context)
        return try read(answer, at: endpoint.identity, source: source)
    }

    private func read(
        _ answer: HTTPAnswer, at place: String, source: String
    ) throws(CouldNotLook) -> AWSCredentials {
        let document = try? XMLDocument.parse(answer.body)
        guard answer.status == 200 else {
            let code = document.flatMap { S3Failure.code(in: $0) } ?? "HTTP \(answer.status)"
            throw CredentialChain.failed(
                "\(place) gave no credentials for \(source) (\(code)): check the role and whom it trusts.")
        }
        guard let found = document?.children.first?.first("Credentials"), let key = found["AccessKeyId"],
            let secret = found["SecretAccessKey"], let token = found["SessionToken"], !key.isEmpty, !secret.isEmpty
        else { throw CredentialChain.failed("\(place) answered without credentials for \(source).") }
        return AWSCredentials(
            accessKey: key, secretKey: Secret(secret), sessionToken: Secret(token),
            expires: found["Expiration"].flatMap { Instant($0) }, source: source)
    }
}

/// The identity of a workload: a token in a file, which the platform renews, for a role.
struct WebIdentity: Sendable {
    let host: Host
    let region: String

    /// `nil` where the platform gave none.
    func fromEnvironment(in context: Context) async throws -> AWSCredentials? {
        guard let file = host.environment("AWS_WEB_IDENTITY_TOKEN_FILE"), !file.isEmpty,
            let role = host.environment("AWS_ROLE_ARN"), !role.isEmpty
        else { return nil }
        let session = host.environment("AWS_ROLE_SESSION_NAME") ?? "millwright"
        return try await credentials(tokenFile: file, role: role, session: session, in: context)
    }

    func credentials(
        tokenFile: String, role: String, session: String, in context: Context
    ) async throws -> AWSCredentials {
        let bytes: [UInt8]
        do {
            bytes = try await offPool(until: context.deadline, on: host) {
                try host.readFile(tokenFile, ObjectStoreLimits.credentialFile)
            }
        } catch let error as FileError {
            throw CredentialChain.failed("The token of the web identity is not there: \(error)")
        }
        let token = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        guard !token.isEmpty else { throw CredentialChain.failed("The token of the web identity is empty.") }
        return try await TokenService(host: host, region: region)
            .assume(role, session: session, token: token, in: context)
    }
}
