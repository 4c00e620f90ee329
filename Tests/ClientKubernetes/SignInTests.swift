import ClientHTTP
import FoundationEssentials
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ClientKubernetes

/// Tokens, files, sign-in programs; and what happens when they end in the midst of a run.
struct SignInTests {
    /// A server that takes one token, which a test may change.
    private final class Door: Sendable {
        let server: StandInServer
        let token = Mutex("t1")

        init() throws {
            server = try StandInServer()
            server.otherwise { [weak self] request in
                let token = self?.token.withLock { $0 } ?? ""
                guard request.headers["authorization"] == "Bearer \(token)" else {
                    return .failure(401, "Unauthorized", "Unauthorized")
                }
                return .pods(["a"])
            }
        }

        var tokens: [String] { server.requests.map { $0.headers["authorization"] ?? "none" } }
    }

    /// A sign-in program: a shell script that counts its runs and prints what `answer` says.
    private struct Program {
        let folder: String

        init(_ answer: String, exit: Int = 0) throws {
            folder = try Scratch.folder()
            try write("answer", answer)
            try write(
                "sign-in",
                """
                #!/bin/sh
                echo run >> "\(folder)/runs"
                printf '%s' "$KUBERNETES_EXEC_INFO" > "\(folder)/information"
                printf '%s|%s|%s' "$1" "$OWN" "$AWS_PROFILE" > "\(folder)/given"
                echo "hunter22 on stderr" >&2
                cat "\(folder)/answer"
                exit \(exit)
                """)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/sign-in")
        }

        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
        }

        func read(_ name: String) -> String {
            (try? String(contentsOf: URL(filePath: "\(folder)/\(name)"), encoding: .utf8)) ?? ""
        }

        var runs: Int { read("runs").split(separator: "\n").count }

        func user(_ more: String = "") -> String {
            "exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: \(folder)/sign-in\n  interactiveMode: Never\n\(more)"
        }

        static func credential(_ status: String, version: String = "v1") -> String {
            "{\"apiVersion\":\"client.authentication.k8s.io/\(version)\",\"kind\":\"ExecCredential\",\"status\":{\(status)}}"
        }
    }

    @Test func aProgramSignsInOnceARun() async throws {
        let door = try Door()
        let program = try Program(
            Program.credential("\"token\":\"t1\",\"expirationTimestamp\":\"2099-01-01T00:00:00Z\""))
        var cluster = Cluster(
            url: door.server.url(""),
            user: program.user("  args: [get-token]\n  env: [{name: OWN, value: mine}]\n  provideClusterInfo: true"))
        cluster.environment["AWS_PROFILE"] = "prod-looker"
        try await cluster.use { access in
            // Several steps at once wait for one sign-in.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 { group.addTask { _ = try await access.list(.pods) } }
                try await group.waitForAll()
            }
        }
        #expect(program.runs == 1)
        #expect(door.tokens == Array(repeating: "Bearer t1", count: 5))
        #expect(program.read("given") == "get-token|mine|prod-looker")
        let information = try #require(
            try? JSONDecoder().decode(
                ClientKubernetesJSON.self, from: Data(program.read("information").utf8)))
        #expect(information["spec"]?["interactive"] == .bool(false))
        #expect(information["spec"]?["cluster"]?["server"]?.asText == door.server.url(""))
        let evidence = "\(cluster.evidence.drain())"
        #expect(!evidence.contains("t1") && !evidence.contains("hunter22"))
    }

    /// The token ends in the midst of a run: the program is asked again, and the step goes on.
    @Test func anExpiredTokenIsReplacedInMidRun() async throws {
        let door = try Door()
        let program = try Program(Program.credential("\"token\":\"t1\""))
        let cluster = Cluster(url: door.server.url(""), user: program.user())
        try await cluster.use { access in
            _ = try await access.list(.pods)
            door.token.withLock { $0 = "t2" }
            try program.write("answer", Program.credential("\"token\":\"t2\""))
            _ = try await access.list(.pods)
        }
        #expect(program.runs == 2)
        #expect(door.tokens == ["Bearer t1", "Bearer t1", "Bearer t2"])
        // A program that gives nothing better is not asked without end.
        door.token.withLock { $0 = "t3" }
        let cause = try await cluster.cause()
        #expect(cause?.code == .signInFailed && program.runs == 4)
    }

    @Test func aCredentialIsUsedUntilItsEnd() async throws {
        let door = try Door()
        let program = try Program(
            Program.credential("\"token\":\"t1\",\"expirationTimestamp\":\"2026-11-22T00:00:00Z\"", version: "v1beta1"))
        var cluster = Cluster(
            url: door.server.url(""), user: program.user().replacing("k8s.io/v1", with: "k8s.io/v1beta1"))
        let time = Mutex(Instant("2026-11-21T23:00:00Z") ?? Instant(secondsSinceEpoch: 0))
        let clock = Clock(time: time.withLock { $0 })
        cluster.host.now = { clock.now }
        try await cluster.use { access in
            for minutes in [0, 30, 29] {
                clock.advance(.seconds(minutes * 60))
                _ = try await access.list(.pods)
            }
            #expect(program.runs == 1)
            clock.advance(.seconds(56))
            _ = try await access.list(.pods)
            #expect(program.runs == 2)
        }
    }

    private final class Clock: Sendable {
        private let time: Mutex<Instant>
        init(time: Instant) { self.time = Mutex(time) }
        var now: Instant { time.withLock { $0 } }
        func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
    }

    @Test(arguments: [
        ("not json", 0, "no ExecCredential"), ("", 0, "no ExecCredential"),
        ("{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1alpha1\"}", 0, "its version"),
        (Program.credential(""), 0, "neither a token"), (Program.credential("\"token\":\"\""), 0, "neither a token"),
        (Program.credential("\"clientKeyData\":\"k\""), 0, "without its key"),
        (Program.credential("\"token\":\"t\",\"expirationTimestamp\":\"soon\""), 0, "is no time"),
        (Program.credential("\"token\":\"t\\nX-Evil: 1\""), 0, "no token has"),
        (Program.credential("\"token\":\"t1\""), 3, "exit code 3"),
    ])
    func programsThatGiveNothing(answer: String, exit: Int, what: String) async throws {
        let program = try Program(answer, exit: exit)
        let cluster = Cluster(url: "https://k8s.example", user: program.user())
        let cause = try #require(try await cluster.cause())
        #expect(cause.sentence.contains(what) && !cause.sentence.contains("hunter22"), "\(cause)")
        #expect([.signInFailed, .malformed].contains(cause.code))
    }

    @Test func aProgramThatIsNotThere() async throws {
        let user =
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-helper, installHint: Install it from here.}"
        let cause = try await Cluster(url: "https://k8s.example", user: user).cause()
        #expect(cause?.code == .signInFailed)
        #expect(cause?.sentence.contains("no-such-helper was not found") == true)
        #expect(cause?.sentence.contains("Install it from here.") == true)
    }

    @Test func aProgramThatHangsEndsWithTheStep() async throws {
        let folder = try Scratch.folder()
        let path = "\(folder)/hangs"
        try Data("#!/bin/sh\nexec sleep 600\n".utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        let user = "exec: {apiVersion: client.authentication.k8s.io/v1, command: \(path)}"
        let cause = try await Cluster(url: "https://k8s.example", user: user).cause(patience: .milliseconds(500))
        #expect(cause?.code == .signInFailed && cause?.sentence.contains("did not end in time") == true)
    }

    @Test func aFileOfATokenIsReadAgain() async throws {
        let door = try Door()
        let path = try Scratch.folder() + "/token"
        func write(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }
        try write("t1\n")
        let cluster = Cluster(url: door.server.url(""), user: "tokenFile: \(path)")
        try await cluster.use { access in
            _ = try await access.list(.pods)
            // Not before it is old, or refused.
            try write("t2\n")
            _ = try await access.list(.pods)
            door.token.withLock { $0 = "t2" }
            _ = try await access.list(.pods)
        }
        #expect(door.tokens == ["Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2"])
        try write("")
        let cause = try await cluster.cause()
        #expect(cause?.code == .signInFailed && cause?.sentence.contains("is empty") == true)
    }

    @Test func actingAsAnother() async throws {
        let server = try StandInServer()
        server.otherwise { _ in .pods(["a"]) }
        let cluster = Cluster(url: server.url(""), user: "token: t\nas: auditor\nas-groups: [readers]")
        _ = try await cluster.use { try await $0.list(.pods) }
        #expect(server.requests.first?.headers["impersonate-user"] == "auditor")
        #expect(server.requests.first?.headers["impersonate-group"] == "readers")
    }
}
