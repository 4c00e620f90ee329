import Foundation
import Host
import Maintenance
import Sandbox
import Testing

/// The labelled fixture: 117 indexes, each with the advice that must come and why.
struct IndexAdviceTests {
    @Test func everyLabelledIndexGetsItsAdvice() async throws {
        try await Bench.run { bench in
            try await bench.sql(Self.fixture())
            let (monitor, plain) = ("im_" + bench.database, "ip_" + bench.database)
            try await bench.makeRoles(monitor, plain)
            try await bench.sql("GRANT pg_monitor TO \(monitor)")
            let labels = try await labels(bench)
            #expect(labels.count == 117)
            let known = try #require(Double(try await bench.sql("SELECT xid FROM fixture.mark WHERE name = 'known'")))
            try await peopleAtWork(bench) {
                for role in ["postgres", monitor, plain] {
                    try await Bench.open(bench.server, bench.database, roles: (role, role)) { limited in
                        var limited = limited
                        limited.past = [PastMeasurement(at: Host.system.now() - .seconds(3600), value: known)]
                        let score = try await Score(limited, ["window": "1s", "ignore-below": "0 B"], labels)
                        try score.judge(role == plain ? ["shop.site_leftover": "building"] : [:])
                        #expect((score.seen.observation.missing["invalid"] != nil) == (role == plain))
                        #expect(score.seen.verdict == (role == plain ? .unknown : .warn))
                    }
                }
                // Without time to judge by, nothing is unused, and that is no pass of the question.
                for parameters: PlanValue in [["window": "35 days"], ["window": "1s"]] {
                    let score = try await Score(bench, parameters, labels)
                    let unused = labels.filter { $0.value == "unused" }.mapValues { _ in "keep" }
                    try score.judge(unused)
                    #expect(score.seen["unused"] == nil)
                    #expect(score.seen.observation.missing["unused"]?.code.rawValue == "not-enough-evidence")
                    #expect(score.seen.verdict == .unknown)
                }
            }
            try await bench.dropRoles(monitor, plain)
        }
    }

    /// A rebuild and a build of others, and a drop, that open transactions keep from ending.
    private func peopleAtWork(_ bench: Bench, _ body: () async throws -> Void) async throws {
        var holders: [OtherSession] = []
        for table in ["site", "rebuilt", "goes"] {
            holders.append(try await OtherSession.open(bench, "UPDATE shop.\(table) SET x = x WHERE id = 1"))
        }
        let open = holders
        try await withThrowingTaskGroup(of: Void.self) { group in
            for work in [
                "CREATE INDEX CONCURRENTLY site_x ON shop.site (x)", "REINDEX TABLE CONCURRENTLY shop.rebuilt",
                "DROP INDEX CONCURRENTLY shop.goes_x",
            ] {
                group.addTask { try await bench.sql(work) }
            }
            try await doing {
                let arrived = try await eventually {
                    let waiting = """
                        SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'virtualxid' AND database IS NULL \
                        AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())
                        """
                    return try await bench.sql(waiting) == "3"
                }
                #expect(arrived)
                try await body()
            } finally: {
                for holder in open { await holder.close() }
            }
            try await group.waitForAll()
        }
    }

    private func labels(_ bench: Bench) async throws -> [String: String] {
        let wrong = try await bench.sql(
            """
            SELECT index FROM fixture.label l LEFT JOIN pg_stat_all_indexes s ON s.indexrelid = to_regclass(l.index) \
            WHERE l.scanned IS NOT NULL AND (s.idx_scan > 0) IS DISTINCT FROM l.scanned
            """)
        #expect(wrong == "", "the fixture's own indexes were used otherwise than it says")
        let text = try await bench.sql("SELECT json_object_agg(index, advice) FROM fixture.label")
        return try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
    }

    static func fixture() throws -> String {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: tests.appending(path: "Fixtures/indexes.sql"), encoding: .utf8)
    }

    /// What came beside what must come.
    struct Score {
        let seen: Seen
        let labels: [String: String]
        let given: [String: String]

        init(_ bench: Bench, _ parameters: PlanValue, _ labels: [String: String]) async throws {
            seen = try await bench.observe("postgresql.index-advice", parameters)
            self.labels = labels
            var given: [String: String] = [:]
            for row in seen.observation.details {
                guard case .text(let index)? = row["index"], case .text(let advice)? = row["advice"] else { continue }
                given[index] = advice
            }
            self.given = given
        }

        /// Precision 1.00 and recall of at least 0.95 of what is to be acted on, and nothing left out.
        func judge(_ otherwise: [String: String]) throws {
            let wanted = labels.merging(otherwise) { $1 }
            for (index, advice) in wanted where given[index] != advice {
                Issue.record("\(index): \(given[index] ?? "not listed"), labelled \(advice)")
            }
            #expect(Set(given.keys) == Set(wanted.keys))
            let acting: Set<String> = ["unused", "duplicate", "overlapping", "invalid"]
            let said = given.filter { acting.contains($0.value) }
            let right = said.filter { wanted[$0.key] == $0.value }.count
            let due = wanted.filter { acting.contains($0.value) }.count
            #expect(right == said.count, "precision \(Double(right) / Double(said.count))")
            #expect(Double(right) >= 0.95 * Double(due), "recall \(Double(right) / Double(due))")
        }
    }
}
