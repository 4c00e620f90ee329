import Foundation
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ClientObjectStore

/// Where credentials come from: seen by the access key with which the store's stand-in is asked.
@Suite struct CredentialTests {
    /// A home without files, and no machine's metadata.
    private static func home() throws -> [String: String] {
        ["HOME": try Scratch.folder(), "AWS_EC2_METADATA_DISABLED": "true"]
    }

    private static func write(_ text: String, _ name: String, in home: [String: String]) throws {
        let folder = try #require(home["HOME"]) + "/.aws"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
    }

    /// The access key and token that reach the store, or the cause for which nothing did.
    private func asked(
        _ environment: [String: String], _ settings: [String: String] = [:]
    ) async throws -> (key: String?, token: String?, cause: Cause?) {
        let server = try StandInServer()
        server.otherwise { _ in Scripted.emptyList }
        let store = try Store(
            ["bucket": "b", "endpoint": server.url("")].merging(settings) { $1 }, environment: environment)
        let cause = try await store.listing()
        let request = server.requests.first
        let authorization = request?.headers["authorization"]?.split(separator: "=").dropFirst().first
        let key = authorization?.prefix { $0 != "/" }
        return (key.map(String.init), request?.headers["x-amz-security-token"], cause)
    }

    @Test func parametersThenEnvironment() async throws {
        var environment = try Self.home()
        environment["AWS_ACCESS_KEY_ID"] = "FROMENV"
        environment["AWS_SECRET_ACCESS_KEY"] = "secret"
        environment["AWS_SESSION_TOKEN"] = "token"
        let ours = try await asked(environment, ["access-key": "OURS", "secret-key": "secret"])
        #expect(ours.key == "OURS" && ours.token == nil)
        let theirs = try await asked(environment)
        #expect(theirs.key == "FROMENV" && theirs.token == "token")
    }

    @Test func files() async throws {
        var environment = try Self.home()
        try Self.write(
            """
            # a comment
            [default]
            region = eu-west-2
            [profile other]
              nested = ignored
            aws_access_key_id = OLD
            aws_secret_access_key=secret # why
            s3 =
              addressing_style = path
            [sso-session x]
            aws_access_key_id = NOPROFILE
            """, "config", in: environment)
        try Self.write(
            "[default]\naws_access_key_id=DEFAULT\naws_secret_access_key=s\n[other]\nAWS_ACCESS_KEY_ID = OTHER\n",
            "credentials", in: environment)
        #expect(try await asked(environment).key == "DEFAULT")
        #expect(try await asked(environment, ["profile": "other"]).key == "OTHER")
        environment["AWS_PROFILE"] = "other"
        #expect(try await asked(environment).key == "OTHER")
        environment["AWS_PROFILE"] = "nobody"
        let none = try await asked(environment)
        #expect(
            none.key == nil && none.cause?.code == .signInFailed && none.cause?.sentence.contains("`nobody`") == true)
        // A profile that the plan names is meant, whatever the environment holds.
        environment["AWS_ACCESS_KEY_ID"] = "FROMENV"
        environment["AWS_SECRET_ACCESS_KEY"] = "secret"
        #expect(try await asked(environment, ["profile": "default"]).key == "DEFAULT")
        #expect(try await asked(environment, ["profile": "missing"]).cause?.code == .signInFailed)
        environment["AWS_SHARED_CREDENTIALS_FILE"] = "/nowhere/credentials"
        #expect(try await asked(environment, ["profile": "default"]).cause?.code == .signInFailed)
    }

    @Test func theRegionOfTheProfile() async throws {
        let environment = try Self.home()
        try Self.write(
            "[default]\nregion=eu-west-2\naws_access_key_id=K\naws_secret_access_key=s\n", "config", in: environment)
        let server = try StandInServer()
        server.otherwise { _ in Scripted.emptyList }
        let store = try Store(["bucket": "b", "endpoint": server.url("")], environment: environment)
        #expect(try await store.listing() == nil)
        #expect(server.requests.first?.headers["authorization"]?.contains("/eu-west-2/s3/aws4_request") == true)
    }

    @Test func noneAtAll() async throws {
        let none = try await asked(try Self.home())
        #expect(none.cause?.code == .signInFailed && none.cause?.sentence.contains("No credentials were found") == true)
    }

    @Test func aHelperProgram() async throws {
        let environment = try Self.home()
        let home = try #require(environment["HOME"])
        let script = """
            #!/bin/sh
            [ "$1" = "two words" ] || exit 3
            echo x >> \(home)/calls
            echo '{"Version": 1, "AccessKeyId": "HELPED", "SecretAccessKey": "hidden-secret", "SessionToken": "t", \
            "Expiration": "2999-01-01T00:00:00Z"}'
            """
        try Data(script.utf8).write(to: URL(fileURLWithPath: home + "/helper"))
        chmod(home + "/helper", 0o755)
        try Self.write("[default]\ncredential_process = \(home)/helper \"two words\"\n", "config", in: environment)
        let found = try await asked(environment)
        #expect(found.key == "HELPED" && found.token == "t")
        let server = try StandInServer()
        server.otherwise { _ in Scripted.emptyList }
        let store = try Store(["bucket": "b", "endpoint": server.url("")], environment: environment)
        try await store.use { access in
            _ = try await access.list()
            _ = try await access.list()
        }
        let calls = try String(contentsOfFile: home + "/calls", encoding: .utf8)
        #expect(calls == "x\nx\n", "asked once a run")
        #expect(
            !store.evidence.drain().contains { $0.excerpt.contains("hidden-secret") || $0.statement.contains("hidden") }
        )
    }

    @Test(arguments: [
        "/nowhere/helper", "/bin/false", "/bin/echo '{}'", "/bin/echo 'no json'",
        "/bin/echo '{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"B\", \"Expiration\": \"soon\"}'",
    ])
    func helpersThatDoNotHelp(_ command: String) async throws {
        let environment = try Self.home()
        try Self.write("[default]\ncredential_process = \(command)\n", "config", in: environment)
        let found = try await asked(environment)
        #expect(found.key == nil && found.cause?.code == .signInFailed, "\(found.cause?.sentence ?? "")")
    }

    private static func tokenService(
        _ answer: @escaping @Sendable (StandInServer.Request) -> Answer
    ) throws -> StandInServer {
        let server = try StandInServer()
        server.otherwise(answer)
        return server
    }

    private static func tokens(_ action: String, key: String, expires: String = "2999-01-01T00:00:00Z") -> Answer {
        Scripted.xml(
            """
            <\(action)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(action)Result><Credentials>
            <AccessKeyId>\(key)</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>st</SessionToken>
            <Expiration>\(expires)</Expiration></Credentials></\(action)Result></\(action)Response>
            """)
    }

    @Test func webIdentity() async throws {
        let service = try Self.tokenService { _ in Self.tokens("AssumeRoleWithWebIdentity", key: "WEB") }
        var environment = try Self.home()
        let file = try #require(environment["HOME"]) + "/token"
        try Data("a.jwt+token\n".utf8).write(to: URL(fileURLWithPath: file))
        environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = file
        environment["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r"
        environment["AWS_ENDPOINT_URL_STS"] = service.url("")
        let found = try await asked(environment)
        #expect(found.key == "WEB" && found.token == "st")
        let request = try #require(service.requests.first)
        let form = String(decoding: request.body, as: UTF8.self)
        #expect(
            request.method == "POST" && request.headers["authorization"] == nil && !request.target.contains("token"))
        #expect(
            form.contains("WebIdentityToken=a.jwt%2Btoken")
                && form.contains("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr"))
        environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = file + "-missing"
        #expect(try await asked(environment).cause?.code == .signInFailed)
    }

    @Test func aTokenServiceThatRefuses() async throws {
        let service = try Self.tokenService { _ in
            Scripted.xml(
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>secret</Message></Error></ErrorResponse>",
                status: 403)
        }
        var environment = try Self.home()
        environment["AWS_ENDPOINT_URL_STS"] = service.url("")
        try Self.write(
            """
            [default]
            role_arn = arn:aws:iam::1:role/r
            source_profile = base
            [profile base]
            aws_access_key_id = BASE
            aws_secret_access_key = s
            [profile loop]
            role_arn = r
            source_profile = loop2
            [profile loop2]
            role_arn = r
            source_profile = loop
            """, "config", in: environment)
        let found = try await asked(environment)
        #expect(found.cause?.code == .signInFailed && found.cause?.sentence.contains("AccessDenied") == true)
        #expect(found.cause?.sentence.contains("secret") == false)
        let request = try #require(service.requests.first)
        #expect(request.headers["authorization"]?.contains("Credential=BASE/") == true)
        #expect(request.headers["authorization"]?.contains("/us-east-1/sts/aws4_request") == true)
        let loop = try await asked(environment, ["profile": "loop"])
        #expect(loop.cause?.sentence.contains("leads to itself") == true)
    }

    @Test func aRoleOfAProfile() async throws {
        let service = try Self.tokenService { _ in Self.tokens("AssumeRole", key: "ROLE") }
        var environment = try Self.home()
        environment["AWS_ENDPOINT_URL_STS"] = service.url("")
        environment["AWS_PROFILE"] = "app"
        try Self.write(
            "[profile app]\nrole_arn = arn:r\nsource_profile = app\nexternal_id = x\naws_access_key_id = B\n"
                + "aws_secret_access_key = s\n", "config", in: environment)
        #expect(try await asked(environment).key == "ROLE")
        #expect(String(decoding: try #require(service.requests.first).body, as: UTF8.self).contains("ExternalId=x"))
    }

    @Test func theContainersPlatform() async throws {
        let server = try StandInServer()
        server.on("/credentials") { request in
            request.headers["authorization"] == "container-token"
                ? .json(
                    #"{"AccessKeyId": "POD", "SecretAccessKey": "s", "Token": "t", "Expiration": "2999-01-01T00:00:00Z"}"#
                )
                : Answer(status: 401)
        }
        var environment = try Self.home()
        environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url("/credentials")
        #expect(try await asked(environment).cause?.code == .signInFailed)
        environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "container-token"
        let found = try await asked(environment)
        #expect(found.key == "POD" && found.token == "t")
        environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://example.com/credentials"
        let outside = try await asked(environment)
        #expect(outside.cause?.sentence.contains("neither https nor an address") == true)
    }

    @Test func theMachinesMetadata() async throws {
        let server = try StandInServer()
        server.on("/latest/api/token") { request in
            request.method == "PUT" ? Answer(body: "imds-token") : Answer(status: 405)
        }
        let base = "/latest/meta-data/iam/security-credentials/"
        server.on(base) { request in
            request.headers["x-aws-ec2-metadata-token"] == "imds-token" ? Answer(body: "my-role") : Answer(status: 401)
        }
        server.on(
            base + "my-role", .json(#"{"Code": "Success", "AccessKeyId": "EC2", "SecretAccessKey": "s", "Token": "t"}"#)
        )
        var environment = try Self.home()
        environment["AWS_EC2_METADATA_DISABLED"] = nil
        environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url("")
        let found = try await asked(environment)
        #expect(found.key == "EC2" && found.token == "t")
    }

    /// Credentials that are about to end are renewed before the next request.
    @Test func renewedBeforeTheyEnd() async throws {
        let count = Mutex(0)
        let soon = (Host.system.now() + .seconds(120)).description
        let service = try Self.tokenService { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return Self.tokens("AssumeRole", key: "KEY\(number)", expires: number == 1 ? soon : "2999-01-01T00:00:00Z")
        }
        var environment = try Self.home()
        environment["AWS_ENDPOINT_URL_STS"] = service.url("")
        try Self.write(
            "[default]\nrole_arn = r\nsource_profile = default\naws_access_key_id = B\naws_secret_access_key = s\n",
            "config", in: environment)
        let server = try StandInServer()
        server.otherwise { _ in Scripted.emptyList }
        let store = try Store(["bucket": "b", "endpoint": server.url("")], environment: environment)
        try await store.use { access in for _ in 0..<3 { _ = try await access.list() } }
        let keys = server.requests.compactMap { $0.headers["authorization"]?.firstMatch(of: /Credential=(\w+)/)?.1 }
        #expect(keys == ["KEY1", "KEY2", "KEY2"])
    }

    /// The store says that they ended: renewed once, and not forever.
    @Test func renewedAfterTheyEnded() async throws {
        let count = Mutex(0)
        let service = try Self.tokenService { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return Scripted.xml(
                "<R><X><Credentials><AccessKeyId>KEY\(number)</AccessKeyId><SecretAccessKey>s\(number)</SecretAccessKey>"
                    + "<SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></X></R>"
            )
        }
        var environment = try Self.home()
        environment["AWS_ENDPOINT_URL_STS"] = service.url("")
        try Self.write(
            "[default]\nrole_arn = r\nsource_profile = default\naws_access_key_id = B\naws_secret_access_key = s\n",
            "config", in: environment)
        for (good, expected) in [("KEY2/", nil), ("NEVER/", Cause.Code.signInFailed)] {
            count.withLock { $0 = 0 }
            let server = try StandInServer()
            server.otherwise { request in
                request.headers["authorization"]?.contains("Credential=" + good) == true
                    ? Scripted.emptyList : Scripted.error("ExpiredToken", 400)
            }
            let store = try Store(["bucket": "b", "endpoint": server.url("")], environment: environment)
            #expect(try await store.listing()?.code == expected)
            #expect(server.requests.count == 2)
        }
    }

    @Test func wordsOfACommand() {
        #expect(ProfileCredentials.words(#"a  "b c"d 'e "f' "" g"#) == ["a", "b cd", #"e "f"#, "", "g"])
    }
}
