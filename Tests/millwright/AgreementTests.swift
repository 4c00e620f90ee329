import Foundation
import Testing

/// What hangs on facts and agreements, by the program itself.
@Suite(.serialized) struct AgreementTests {
    private static let plan = """
        service: shop
        targets: { api: { tls: "127.0.0.1:1" } }
        procedures:
          daily:
            schedule: daily 09:00
            steps: [{ check: tls.certificate, target: api }]
          renew:
            schedule: 30 days before expiry of api
            steps: [{ check: disk.usage, with: { mounts: [/] } }]
          drill:
            schedule: by agreement, at least every 3 seconds
            steps:
              - check: disk.usage
                with: { mounts: [/] }
                warn: used_percent > 101%
                fail: used_percent > 101%

        """

    private func overdue(_ bench: ServeBench) async throws -> Int {
        try await bench.json("runs", "--missed").count { $0["cause"] as? String == "overdue" }
    }

    private func calendar(_ bench: ServeBench) async throws -> String {
        let plan = bench.folder.appending(path: "plans/tick.yaml").path
        let outcome = try await CommandLine.run("calendar", plan, "--store", bench.store)
        #expect(outcome.exit == 0, "\(outcome.errors)")
        return outcome.output
    }

    @Test func whatIsForgottenIsOneRowOverKillsUntilItIsDone() async throws {
        try await withFolder { folder in
            let bench = try ServeBench(folder)
            try bench.write(Self.plan)
            #expect(try await calendar(bench).contains("drill: by agreement, at least every 3 seconds\n"))
            let first = try Server(in: folder)
            #expect(try await first.says("drill: 1 missed"), "\(first.said)")
            #expect(first.said.contains("`tls.certificate` in `daily` would tell."), "\(first.said)")
            first.signal(SIGKILL)
            #expect(try await first.end() == 128 + SIGKILL)
            let metrics = folder.appending(path: "state/metrics.prom")
            try? FileManager.default.removeItem(at: metrics)
            let second = try Server(in: folder)
            #expect(try await second.says("ready"), "\(second.said)")
            let key = "{service=\"shop\",environment=\"default\",procedure="
            #expect(
                try await soon {
                    let text = (try? String(contentsOf: metrics, encoding: .utf8)) ?? ""
                    return text.contains("millwright_agreement_overdue\(key)\"drill\"} 1")
                        && text.contains("millwright_fact_seen\(key)\"renew\"} 0")
                        && text.contains("millwright_every_procedure_has_next_or_reason 1")
                })
            second.signal(SIGTERM)
            #expect(try await second.end() == 0)
            #expect(!second.said.contains("missed"), "told again: \(second.said)")
            #expect(try await overdue(bench) == 1)
            let shown = try await calendar(bench)
            #expect(shown.contains("drill: by agreement; overdue since "), "\(shown)")
            #expect(shown.contains("renew: 30 days before expiry of api; No run has seen"), "\(shown)")

            let plan = folder.appending(path: "plans/tick.yaml").path
            let done = try await CommandLine.run("run", plan, "drill", "--store", bench.store)
            #expect(done.exit == 0, "\(done.errors)")
            let explained = try await CommandLine.run("explain", plan, "drill", "--store", bench.store)
            #expect(explained.output.contains("by agreement; overdue "), "\(explained.output)")
            let third = try Server(in: folder)
            #expect(try await third.says("drill: 1 missed"), "the next period: \(third.said)")
            third.signal(SIGTERM)
            #expect(try await third.end() == 0)
            #expect(try await overdue(bench) == 2)
        }
    }
}
