import Host
import Maintenance
import Testing

@testable import Plans

/// What `${…}` stands for, when, and what is never said of it.
struct ReferenceTests {
    private func resolve(
        _ text: String, _ environment: [String: String] = [:], files: [String: String] = [:]
    ) throws -> (text: String, secrets: [String]) {
        let host = Host.files(files, environment: environment)
        let (value, secrets) = try References.resolve(.text(text), host: host)
        guard case .text(let resolved) = value else { throw CouldNotLook(.unexpected, "no text") }
        return (resolved, secrets.map { $0.reveal() })
    }

    @Test func aVariableAndAFileArePutIn() throws {
        #expect(try resolve("${env:URL}", ["URL": "redis://h"]) == ("redis://h", ["redis://h"]))
        #expect(try resolve("a ${file:/s} b", files: ["/s": "x y\n"]) == ("a x y b", ["x y"]))
        #expect(try resolve("no reference") == ("no reference", []))
    }

    @Test func twoDollarsAreOneThatIsMeant() throws {
        #expect(try resolve("$${env:URL} $5 $$ ${env:A}", ["A": "${env:B}"]).text == "${env:URL} $5 $$ ${env:B}")
    }

    @Test func insideUserInformationAndQueriesOfAURLItIsPercentEncoded() throws {
        let secret = ["P": "p@s/w:d %"]
        let encoded = "p%40s%2Fw%3Ad%20%25"
        #expect(try resolve("postgresql://u:${env:P}@h/db", secret).text == "postgresql://u:\(encoded)@h/db")
        #expect(
            try resolve("postgresql://${env:P}:${env:P}@h/db", secret).text == "postgresql://\(encoded):\(encoded)@h/db"
        )
        #expect(try resolve("https://h/db?k=${env:P}&x=1", secret).text == "https://h/db?k=\(encoded)&x=1")
        #expect(
            try resolve("https://${env:P}/x@y", secret).text == "https://p@s/w:d %/x@y", "a host is put in as it is")
        #expect(try resolve("https://h/${env:P}", secret).text == "https://h/p@s/w:d %")
        // Both forms are secrets: the masker has to find the one that is sent, too.
        #expect(try resolve("postgresql://u:${env:P}@h/db", secret).secrets == ["p@s/w:d %", encoded])
    }

    @Test(arguments: [
        ("${env:NONE}", Cause.Code.notFound, "The environment variable NONE"),
        ("${env:EMPTY}", .notFound, "The environment variable EMPTY"),
        ("${file:/none}", .notFound, "The file /none"),
        ("${file:/empty}", .noData, "The file /empty"),
        ("${steps.a.rows}", .malformed, "${steps.a.rows}"),
        ("${env:SECRET} ${env:NONE}", .notFound, "The environment variable NONE"),
    ])
    func whatCannotBePutInIsUnknownAndNamed(_ text: String, _ code: Cause.Code, _ name: String) throws {
        let host = Host.files(["/empty": "\n"], environment: ["EMPTY": "", "SECRET": "hunter2"])
        let error = #expect(throws: CouldNotLook.self) { try References.resolve(.text(text), host: host) }
        let cause = try #require(error?.cause)
        #expect(cause.code == code)
        #expect(cause.sentence.contains(name))
        #expect(!cause.sentence.contains("hunter2"))
    }

    @Test func whereATargetIsMayBeTold() throws {
        let host = Host.files(
            [:],
            environment: [
                "URL": "https://h:8443/v1", "CA": "/ca.pem", "PW": "pw", "DSN": "redis://u:pw@h", "HOST": "h",
            ])
        func secrets(_ text: String) throws -> [String] {
            try References.resolve(settings: .map([.init("x", .text(text))]), host: host).secrets.map { $0.reveal() }
        }
        #expect(try secrets("${env:URL}") == [])
        #expect(try secrets("https://${env:HOST}/") == [])
        #expect(try secrets("${env:CA}") == [])
        #expect(try secrets("${env:PW}") == ["pw"])
        #expect(try secrets("${env:DSN}") == ["redis://u:pw@h"])
        #expect(try secrets("redis://u:${env:PW}@${env:HOST}") == ["pw", "pw", "h"])
        // In a step's parameters nothing of the environment may be told.
        #expect(try References.resolve(.text("${env:URL}"), host: host).secrets.count == 1)
    }

    @Test func aFileThatIsNoTextIsNotPutIn() {
        let host = Host.bytes(["/s": [0xFF, 0x00]])
        #expect(throws: CouldNotLook.self) { try References.resolve(.text("${file:/s}"), host: host) }
    }

    @Test func aStepGetsTheMeasurementsOfEarlierSteps() throws {
        let step = RunStep(
            id: "tell", action: "program.run", isChange: true,
            parameters: .map([
                .init("arguments", .list([.text("${steps.archive.rows}"), .text("$${steps.x.y} ${env:PW}")]))
            ]),
            proof: [
                RunStep(id: "tell/proof/a", action: "http.json", isChange: false, parameters: .text("${steps.b.c.d}"))
            ])
        #expect(step.referencedMeasurements == ["archive.rows", "b.c.d"])
        // What comes from a step is text, whatever is in it.
        let resolved = try step.resolved { name in name == "archive.rows" ? "${env:PW}" : "?" }
        #expect(resolved?["arguments"] == .list([.text("$${env:PW}"), .text("$${steps.x.y} ${env:PW}")]))
        let (parameters, secrets) = try step.resolved(on: .files([:], environment: ["PW": "hunter2"])) { _ in
            "${env:PW}"
        }
        #expect(parameters?["arguments"] == .list([.text("${env:PW}"), .text("${steps.x.y} hunter2")]))
        #expect(secrets.map { $0.reveal() } == ["hunter2"])
        #expect(throws: CouldNotLook.self) {
            try step.resolved { name throws(CouldNotLook) in throw CouldNotLook(.noData, name) }
        }
    }

    @Test(arguments: ["plain", "$", "$$", "${", "a$${b}", "$$${env:A}", "}"])
    func anyTextCanBeEscaped(_ text: String) throws {
        #expect(try ReferenceText(ReferenceText.escaped(text)).plain == text)
    }
}

/// Secrets in clear are refused; what only looks like one is not.
struct ClearSecretTests {
    @Test(arguments: [
        "postgresql://u:secret@h/db", "redis://:secret@h", "host=h password=secret", "host=h password='secret'",
        "https://h/?x=1&access_token=secret", "postgresql://u:${env:A}x@h/db", "amqp://u:se/cret@h",
        "see https://h and redis://:secret@h",
    ])
    func aPasswordInAnAddress(_ text: String) {
        #expect(ClearSecrets.mistake(in: text, path: ["url"], isSecret: false) != nil)
    }

    @Test(arguments: [
        "postgresql://u@h:5432/db", "postgresql://u:${env:PW}@h/db", "redis://h:6379/0", "host=h password=${env:PW}",
        "https://h/a@b:c", "select * from users where password = 'x'", "password=x", "https://${env:H}:${env:P}/",
        "https://h/?access_token=${env:T}", "$${env:X}", "",
    ])
    func whatIsNone(_ text: String) {
        #expect(ClearSecrets.mistake(in: text, path: ["url"], isSecret: false) == nil)
    }

    @Test(arguments: [
        "password", "PGPASSWORD", "api_key", "x-api-key", "clientSecret", "secret-token", "Authorization",
    ])
    func aKeyThatNamesASecret(_ key: String) {
        #expect(
            ClearSecrets.mistake(in: "hunter2", path: ["headers", key], isSecret: false)?.contains("hunter2") == false)
        #expect(ClearSecrets.mistake(in: "${env:X}", path: ["headers", key], isSecret: false) == nil)
        #expect(ClearSecrets.mistake(in: "Bearer ${env:X}", path: ["headers", key, "0"], isSecret: false) == nil)
    }

    @Test(arguments: ["password-file", "tokens", "ca", "secretary", "primary-key"])
    func aKeyThatNamesNone(_ key: String) {
        #expect(ClearSecrets.mistake(in: "hunter2", path: [key], isSecret: false) == nil)
    }

    @Test func aParameterThatIsASecret() {
        #expect(ClearSecrets.mistake(in: "hunter2", path: ["look"], isSecret: true) != nil)
        #expect(ClearSecrets.mistake(in: "postgresql://u@h/db", path: ["look"], isSecret: true) == nil)
        #expect(ClearSecrets.mistake(in: "service=steam", path: ["look"], isSecret: true) == nil)
    }
}
