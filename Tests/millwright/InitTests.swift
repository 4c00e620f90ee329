import Foundation
import Sandbox
import Testing

/// From URLs to a true verdict, with no line of plan written by hand.
@Suite(.serialized) struct InitTests {
    @Test func whatIsProposedChecksWithoutEdits() async throws {
        try await withFolder { folder in
            let logs = SteamTrapLogSize(linesPerHour: 5)
            let sandbox = try await SteamTrapSandbox.start(
                size: SteamTrapSize(rows: 3000, keys: 300, logs: logs, clusterSpeed: 20))
            var environment = Dictionary(sandbox.environment.map { ($0.name, $0.value) }) { first, _ in first }
            environment["KUBECONFIG"] = environment["STEAMTRAP_KUBECONFIG"]
            environment["AWS_ACCESS_KEY_ID"] = environment["STEAMTRAP_S3_ACCESS_KEY"]
            environment["AWS_SECRET_ACCESS_KEY"] = environment["STEAMTRAP_S3_SECRET_KEY"]
            let plan = folder.path + "/plan.yaml"
            let crontab = folder.path + "/crontab"
            try "0 3 * * 0 vacuumdb --all --password=hunter2\n".write(
                toFile: crontab, atomically: true, encoding: .utf8)
            let bucket =
                "s3://greenlang-backups/gl008/?endpoint=\(environment["STEAMTRAP_S3_ENDPOINT"] ?? "")&region=us-east-1"
            let proposed = try await CommandLine.run(
                "init", "--from", "${env:STEAMTRAP_LOOK_URL}", "--from", "kubernetes:sandbox/greenlang-gl008", "--from",
                (environment["STEAMTRAP_API_URL"] ?? "") + "/health", "--from", bucket, "--from", "crontab:" + crontab,
                "--ca", environment["STEAMTRAP_CA"] ?? "", "--output", plan, environment: environment)
            #expect(proposed.exit == 0, "\(proposed.errors)")
            let text = try String(contentsOfFile: plan, encoding: .utf8)
            for line in [
                "# 17 of 17 pods are ready", "with: { expected: 17 }", "warn: ready < 17", "do: postgresql.vacuum",
                "do: kubernetes.rollout-restart", "cronjob: ml-model-retraining",
                "postgresql.vacuum` does it table by table",
            ] {
                #expect(text.contains(line), "\(line) is not in\n\(text)")
            }
            #expect(text.ranges(of: "disabled:").count == text.ranges(of: "\n        do: ").count)
            #expect(!text.contains("hunter2") && !text.contains("millwright_look"))
            let valid = try await CommandLine.run("validate", plan, environment: environment)
            #expect(valid.exit == 0, "\(valid.errors)")
            let checked = try await CommandLine.run("check", plan, "health", environment: environment)
            // The sandbox's server vacuums nothing by itself and has no checksums; its looking role may see some things only.
            #expect(checked.exit == 2)
            #expect(
                Self.noticed(checked.output) == [
                    "postgresql-autovacuum", "postgresql-integrity", "postgresql-roles", "postgresql-sequences",
                    "postgresql-settings-drift", "postgresql-slow-statements",
                ], "\(checked.output)")
            let again = try await CommandLine.run(
                "init", "--from", "host", "--output", plan, environment: environment)
            let left = try String(contentsOfFile: plan, encoding: .utf8)
            #expect(again.exit == 64 && left == text)
            await sandbox.stop()
        }
    }

    /// The steps that did not pass.
    private static func noticed(_ output: String) -> [String] {
        output.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 2, ["fail", "warn", "unknown"].contains(words[1]) else { return nil }
            return String(words[2])
        }.sorted()
    }
}
