import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsBackups

/// What cannot be looked at is unknown, never a pass and never a fail.
@Suite struct BackupFaultTests {
    @Test func wrongKeysAndNoBucket() async throws {
        try await Bucket.with { bucket in
            try bucket.week()
            var settings = bucket.server.settings(bucket: bucket.name, prefix: "gl008/")
            settings["secret-key"] = "wrong"
            #expect(try await Look(settings).words == ["unknown sign-in-failed"])
            #expect(try await Look(bucket.server.settings(bucket: "nowhere")).words == ["unknown not-found"])
        }
    }

    @Test func connections() async throws {
        try await Bucket.with { bucket in
            try bucket.week()
            let proxy = try FaultProxy(to: bucket.server.port, behaviour: .refuse)
            defer { proxy.stop() }
            func words(_ behaviour: FaultProxy.Behaviour, patience: Duration = .seconds(30)) async throws -> [String] {
                try proxy.set(behaviour)
                return try await bucket.look(port: proxy.port, patience: patience).words
            }
            #expect(try await words(.refuse) == ["unknown refused"])
            #expect(try await words(.hang, patience: .milliseconds(400)) == ["unknown timed-out"])
            #expect(try await words(.latency(.milliseconds(40))) == [])
            #expect(try await words(.init(after: (1000, .cut)), patience: .seconds(2)) == ["unknown connection-lost"])
            // The listing comes through, and what is read of the object does not.
            let listed = try await words(.init(after: (6000, .stall)), patience: .seconds(1))
            #expect(listed == ["unknown timed-out"])
        }
    }

    /// Listing is allowed and reading is not: age and size are seen, and the rest is said.
    @Test func readingIsNotAllowed() async throws {
        let server = try StandInServer()
        let now = Host.system.now() - .seconds(3600)
        server.otherwise { request in
            if request.target.contains("list-type") {
                return Answer(
                    body: .bytes(
                        Array(
                            """
                            <ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>db.sql.gz</Key><Size>500</Size>
                            <LastModified>\(now)</LastModified><ETag>"e"</ETag></Contents></ListBucketResult>
                            """.utf8)))
            }
            return Answer(status: 403, body: "<Error><Code>AccessDenied</Code></Error>")
        }
        let settings = [
            "bucket": "b", "endpoint": server.url(""), "access-key": "A", "secret-key": "s", "region": "us-east-1",
        ]
        let look = try await Look(settings)
        #expect(look.words == ["unknown no-permission"] && abs((look.value("age") ?? 0) - 1) < 0.1)
        #expect(look.observation?.findings.first?.cause.sentence.contains("s3:GetObject") == true)
        #expect(try await Look(settings, ["format": "any"]).words.isEmpty, "the store tells no time, and ours will do")
    }

    @Test func rights() throws {
        let definition = try #require(BackupActions.all.first)
        let rights = try definition.configured(with: nil).rights
        #expect(rights.map(\.kind) == ["s3", "s3"])
        for right in rights { #expect(try decodeJSON(JSONValue.self, right.grant.utf8)["Effect"] == "Allow") }
        let any = try definition.configured(with: .map([.init("format", .text("any"))]))
        #expect(any.rights.count == 1 && any.rights[0].grant.contains("s3:ListBucket"))
    }

    @Test(arguments: [
        ("recovery-point", "0s"), ("compare-with", "0"), ("shrunken", "100%"), ("format", "rar"), ("key-date", "%Y"),
        ("pattern", ""),
    ])
    func wrongParameters(_ name: String, _ value: String) throws {
        let definition = try #require(BackupActions.all.first)
        #expect(throws: ValueErrors.self) { try definition.configured(with: .map([.init(name, .text(value))])) }
    }
}
