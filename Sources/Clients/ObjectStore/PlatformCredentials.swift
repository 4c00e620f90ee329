import ClientHTTP
import Host
import Maintenance

/// The credentials that a container platform (ECS, EKS Pod Identity) gives on an address of its own.
struct ContainerCredentials: Sendable {
    let host: Host

    /// `nil` where the platform gives none.
    func credentials(in context: Context) async throws -> AWSCredentials? {
        let url: String
        if let path = host.environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), !path.isEmpty {
            url = "http://169.254.170.2" + path
        } else if let full = host.environment("AWS_CONTAINER_CREDENTIALS_FULL_URI"), !full.isEmpty {
            url = full
        } else {
            return nil
        }
        let endpoint: HTTPEndpoint
        do { endpoint = try HTTPEndpoint(url: url) } catch {
            throw CredentialChain.failed("The URL of the container's credentials is wrong: \(error.message).")
        }
        // Without TLS only where nobody else listens: the token goes there.
        guard endpoint.scheme == "https" || Self.plain.contains(endpoint.host) || endpoint.host.hasPrefix("127.") else {
            throw CredentialChain.failed(
                "The URL of the container's credentials is neither https nor an address of the machine or platform.")
        }
        var headers: [(name: String, value: String)] = []
        if let token = try await token(context) { headers.append((name: "Authorization", value: token)) }
        let answer = try await OneCall.send(HTTPCall("GET", "", headers: headers), to: endpoint, in: context)
        guard answer.status == 200 else {
            throw CredentialChain.failed("The container's platform gave no credentials (HTTP \(answer.status)).")
        }
        return try CredentialChain.decode(answer.body, source: "the container's platform")
    }

    private static let plain: Set<String> = ["localhost", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"]

    private func token(_ context: Context) async throws -> String? {
        guard let path = host.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"), !path.isEmpty else {
            return host.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        }
        do {
            let bytes = try await offPool(until: context.deadline, on: host) {
                try host.readFile(path, ObjectStoreLimits.credentialFile)
            }
            return String(decoding: bytes, as: UTF8.self).filter { !$0.isNewline }
        } catch let error as FileError {
            throw CredentialChain.failed("The container's token is not there: \(error)")
        }
    }
}

/// The credentials of the role of an EC2 machine, by the second version of its metadata service.
struct InstanceMetadata: Sendable {
    let host: Host

    /// `nil` where no such service answers, or the machine has no role.
    func credentials(in context: Context) async throws -> AWSCredentials? {
        if host.environment("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" { return nil }
        let url = host.environment("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        guard let endpoint = try? HTTPEndpoint(url: url) else {
            throw CredentialChain.failed("The URL of AWS_EC2_METADATA_SERVICE_ENDPOINT is wrong.")
        }
        let token: HTTPAnswer
        do {
            // Anything may have this address where it is no EC2 machine; silence is the rule.
            token = try await OneCall.send(
                HTTPCall("PUT", "/latest/api/token", headers: [("X-aws-ec2-metadata-token-ttl-seconds", "21600")]),
                to: endpoint, in: context.shortened(to: ObjectStoreLimits.metadataService))
        } catch is CouldNotLook { return nil }
        guard token.status == 200 else { return nil }
        let headers = [(name: "X-aws-ec2-metadata-token", value: String(decoding: token.body, as: UTF8.self))]
        let base = "/latest/meta-data/iam/security-credentials/"
        let roles = try await OneCall.send(HTTPCall("GET", base, headers: headers), to: endpoint, in: context)
        let role = String(decoding: roles.body, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
        guard roles.status == 200, let role, !role.isEmpty else { return nil }
        let answer = try await OneCall.send(
            HTTPCall("GET", base + AWSText.encoded(role), headers: headers), to: endpoint, in: context)
        guard answer.status == 200 else {
            throw CredentialChain.failed(
                "The machine's metadata gave no credentials of its role (HTTP \(answer.status)).")
        }
        return try CredentialChain.decode(answer.body, source: "the machine's role")
    }
}

/// One request to a place that is asked once an hour: its connection is not kept.
enum OneCall {
    static func send(_ call: HTTPCall, to endpoint: HTTPEndpoint, in context: Context) async throws -> HTTPAnswer {
        let transport = HTTPTransport(endpoint, on: context.host)
        return try await doing {
            try await transport.send(call, in: context, limit: ObjectStoreLimits.credentialAnswer)
        } finally: {
            await transport.close()
        }
    }
}

extension HTTPEndpoint {
    /// The `Host` header: the port only where it is not the scheme's own.
    var hostHeader: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (scheme == "https" ? 443 : 80) ? name : "\(name):\(port)"
    }
}
