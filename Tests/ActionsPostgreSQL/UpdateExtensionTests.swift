import ActionsPostgreSQL
import Maintenance
import Sandbox
import Testing

struct UpdateExtensionTests {
    static let schema = "CREATE EXTENSION hstore VERSION '1.6'; CREATE EXTENSION pg_trgm; CREATE TABLE t (h hstore)"

    @Test func whatIsOldIsBroughtToItsDefault() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.update-extension", [:])
            let preview = try await bench.preview(change)
            #expect(preview.units.map(\.id) == ["hstore"])
            #expect(preview.units.first?.title.contains("1.6--1.7--1.8") == true)
            #expect(preview.statements == [#"ALTER EXTENSION "hstore" UPDATE TO '1.8'"#])
            let unit = try #require(preview.units.first)
            let baseline = try await bench.prepare(change, unit)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            let proofs = try await bench.doAll(change, preview)
            #expect(proofs.compactMap { $0["extensions"] } == [1])
            #expect(try await bench.sql("SELECT extversion FROM pg_extension WHERE extname = 'hstore'") == "1.8")
            #expect(try await bench.preview(change).units.isEmpty)
        }
    }

    @Test func aVersionMayBeNamed_AndMustBeReachable() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            func preview(_ name: String, _ version: String) async throws -> Preview {
                try await bench.preview(
                    bench.change("postgresql.update-extension", ["extensions": .text(name), "to": .text(version)]))
            }
            #expect(try await preview("hstore", "1.7").statements == [#"ALTER EXTENSION "hstore" UPDATE TO '1.7'"#])
            #expect(try await preview("hstore", "1.6").units.isEmpty)
            for (name, version) in [("hstore", "9.9"), ("hstore", "1.4"), ("citext", "1.6"), ("no'such", "1")] {
                let refused = try await preview(name, version)
                #expect(refused.findings.map(\.severity) == [.fail], "\(name)")
                #expect(refused.units.isEmpty)
            }
        }
    }

    @Test func whoHoldsItIsNotPushedAside_AndOnlyItsOwnerMay() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let role = "ext_" + bench.database
            try await bench.makeRoles(role)
            let change = try bench.change("postgresql.update-extension", ["extensions": "hstore"])
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            try await Bench.open(bench.server, bench.database, roles: (role, role)) { limited in
                let refused = try await failure { try await limited.apply(change, unit, baseline) }
                #expect(refused?.code == .noPermission && refused?.isFailed == true)
            }
            let holder = try await OtherSession.open(
                bench, "LOCK TABLE pg_catalog.pg_extension IN ACCESS EXCLUSIVE MODE")
            var short = bench
            short.time = .milliseconds(2500)
            let busy = try await failure { [short] in try await short.apply(change, unit, baseline) }
            #expect(busy?.code == .busy)
            await holder.close()
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            // Somebody else was quicker, and went elsewhere.
            try await bench.sql("ALTER EXTENSION hstore UPDATE TO '1.7'")
            guard case .unknown(let cause) = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            #expect(cause.sentence.contains("1.7"))
            try await bench.dropRoles(role)
        }
    }
}
