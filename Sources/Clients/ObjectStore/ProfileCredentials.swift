import ClientPrograms
import Host
import Maintenance

/// The credentials of a profile: keys, a helper program, or a role taken on with another profile's credentials.
struct ProfileCredentials: Sendable {
    let chain: CredentialChain
    let files: ProfileFiles

    /// `nil` where there is no such profile, or nothing in it to sign in with.
    func credentials(of name: String, in context: Context, depth: Int = 0) async throws -> AWSCredentials? {
        guard let profile = files[name] else { return nil }
        guard depth < ObjectStoreLimits.profileChain else {
            throw CredentialChain.failed("The profile `\(name)` leads to itself by `source_profile`.")
        }
        if let role = profile["role_arn"] {
            return try await assume(role, of: name, profile, in: context, depth: depth)
        }
        if let keys = Self.keys(profile, name) { return keys }
        if let command = profile["credential_process"] { return try await ask(command, of: name, in: context) }
        if profile["sso_session"] != nil || profile["sso_start_url"] != nil {
            throw CredentialChain.failed(
                "The profile `\(name)` signs in by SSO, which needs a person: give it a "
                    + "`credential_process = aws configure export-credentials --profile \(name)`.")
        }
        return nil
    }

    private static func keys(_ profile: [String: String], _ name: String) -> AWSCredentials? {
        guard let key = profile["aws_access_key_id"], let secret = profile["aws_secret_access_key"] else { return nil }
        return AWSCredentials(
            accessKey: key, secretKey: Secret(secret), sessionToken: profile["aws_session_token"].map { Secret($0) },
            source: "the profile `\(name)`")
    }

    private func assume(
        _ role: String, of name: String, _ profile: [String: String], in context: Context, depth: Int
    ) async throws -> AWSCredentials {
        let tokens = TokenService(host: chain.host, region: profile["region"] ?? chain.region)
        let session = profile["role_session_name"] ?? "millwright"
        if let file = profile["web_identity_token_file"] {
            return try await WebIdentity(host: chain.host, region: tokens.region)
                .credentials(tokenFile: file, role: role, session: session, in: context)
        }
        guard profile["mfa_serial"] == nil else {
            throw CredentialChain.failed("The role of the profile `\(name)` asks for MFA, which needs a person.")
        }
        guard let base = try await base(of: name, profile, in: context, depth: depth) else {
            throw CredentialChain.failed(
                "The profile `\(name)` takes on a role, and its `source_profile` or `credential_source` gives none.")
        }
        return try await tokens.assume(
            role, session: session, externalID: profile["external_id"], with: base, in: context)
    }

    private func base(
        of name: String, _ profile: [String: String], in context: Context, depth: Int
    ) async throws -> AWSCredentials? {
        if let source = profile["source_profile"] {
            // A profile may be its own source: its keys are meant.
            if source == name { return Self.keys(profile, name) }
            return try await credentials(of: source, in: context, depth: depth + 1)
        }
        switch profile["credential_source"] {
        case "Environment": return chain.fromEnvironment()
        case "EcsContainer": return try await ContainerCredentials(host: chain.host).credentials(in: context)
        case "Ec2InstanceMetadata": return try await InstanceMetadata(host: chain.host).credentials(in: context)
        default: return nil
        }
    }

    /// Runs the helper program; what it writes is secret and goes nowhere else.
    private func ask(_ command: String, of name: String, in context: Context) async throws -> AWSCredentials {
        let source = "the credential_process of the profile `\(name)`"
        var environment: [String: String] = [:]
        for variable in Self.passedOn { environment[variable] = chain.host.environment(variable) }
        let kind = HostKind()
        let machine = kind.open(on: chain.host)
        let result: ProgramResult
        do {
            result = try await kind.access(machine, for: .change, in: context).run(
                ProgramCommand(Self.words(command), environment: environment))
        } catch let error as ChangeFailed {
            throw CredentialChain.failed("What is to be \(source) could not be started: \(error)")
        } catch let error as CouldNotLook where error.cause.code == .timedOut {
            throw CouldNotLook(.timedOut, "What is \(source) did not end in time.")
        }
        guard result.ending == .exited(0) else {
            throw CredentialChain.failed("What is \(source) failed; run it by hand to see why.")
        }
        return try CredentialChain.decode(Array(result.standardOutput.utf8), source: source)
    }

    private static let passedOn = [
        "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE",
    ]

    /// The words of a command line; quotes hold words together, as in a shell, and nothing else is special.
    static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in line {
            if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character == " " || character == "\t" {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let done = word { words.append(done) }
        return words
    }
}
