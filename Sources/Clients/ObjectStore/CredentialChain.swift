import ClientHTTP
import Host
import Maintenance

/// Finds credentials where AWS tools find them, and in their order.
struct CredentialChain: Sendable {
    /// What a target may say of them itself.
    struct Given: Sendable {
        var accessKey: Secret?
        var secretKey: Secret?
        var sessionToken: Secret?
        var profile: String?
    }

    let given: Given
    let host: Host
    /// The region of the token service.
    let region: String

    /// - Throws: `CouldNotLook(.signInFailed)` where there are none, or where those that are meant cannot be had.
    func credentials(in context: Context) async throws -> AWSCredentials {
        let context = context.shortened(to: ObjectStoreLimits.credentials)
        if let accessKey = given.accessKey, let secretKey = given.secretKey {
            return AWSCredentials(
                accessKey: accessKey.reveal(), secretKey: secretKey, sessionToken: given.sessionToken,
                source: "the target's settings")
        }
        // A profile that the plan names is meant, whatever the environment holds.
        if let profile = given.profile {
            let found = try await profiles(context).credentials(of: profile, in: context)
            guard let found else {
                throw Self.failed("The profile `\(profile)` is not there, or holds no credentials.")
            }
            return found
        }
        if let found = fromEnvironment() { return found }
        if let found = try await WebIdentity(host: host, region: region).fromEnvironment(in: context) { return found }
        let profile = host.environment("AWS_PROFILE") ?? "default"
        if let found = try await profiles(context).credentials(of: profile, in: context) { return found }
        if host.environment("AWS_PROFILE") != nil {
            throw Self.failed("The profile `\(profile)` of AWS_PROFILE is not there, or holds no credentials.")
        }
        if let found = try await ContainerCredentials(host: host).credentials(in: context) { return found }
        if let found = try await InstanceMetadata(host: host).credentials(in: context) { return found }
        throw Self.failed(
            "No credentials were found: not in the target, the environment, a web identity, the profile `default`, "
                + "the container, nor the machine's metadata. Name `access-key` and `secret-key`, or a `profile`.")
    }

    func fromEnvironment() -> AWSCredentials? {
        guard let key = variable("AWS_ACCESS_KEY_ID"), let secret = variable("AWS_SECRET_ACCESS_KEY") else {
            return nil
        }
        return AWSCredentials(
            accessKey: key, secretKey: Secret(secret), sessionToken: variable("AWS_SESSION_TOKEN").map { Secret($0) },
            source: "the environment")
    }

    private func variable(_ name: String) -> String? { host.environment(name).flatMap { $0.isEmpty ? nil : $0 } }

    private func profiles(_ context: Context) async throws -> ProfileCredentials {
        ProfileCredentials(chain: self, files: try await ProfileFiles.read(on: host, until: context.deadline))
    }

    static func failed(_ sentence: String) -> CouldNotLook { CouldNotLook(.signInFailed, sentence) }

    /// Reads what helpers, containers and machines answer alike; `source` names who did.
    static func decode(_ json: [UInt8], source: String) throws(CouldNotLook) -> AWSCredentials {
        guard let value = try? JSONReader.read(json), let key = value["AccessKeyId"]?.asText,
            let secret = value["SecretAccessKey"]?.asText, !key.isEmpty, !secret.isEmpty
        else { throw failed("What \(source) answered holds no AccessKeyId and SecretAccessKey.") }
        var expires: Instant?
        if let text = value["Expiration"]?.asText {
            guard let instant = Instant(text) else {
                throw failed("What \(source) answered says when it expires in no form that can be read.")
            }
            expires = instant
        }
        let token = value["SessionToken"]?.asText ?? value["Token"]?.asText
        return AWSCredentials(
            accessKey: key, secretKey: Secret(secret), sessionToken: token.map { Secret($0) }, expires: expires,
            source: source)
    }
}

extension Context {
    /// The same step with less time, and with an evidence log that nobody reads: what passes here is secret.
    func shortened(to limit: Duration) -> Context {
        Context(
            host: host, deadline: min(deadline, host.steady() + limit), label: label, childStarted: childStarted)
    }
}
