import Foundation

@testable import Sandbox

/// What can be seen of a sandbox from outside, through its proxies and with the two roles' rights.
struct SteamTrapProbe {
    let sandbox: SteamTrapSandbox

    /// Names with what was seen, of the targets that a fault touches.
    func look(for fault: Fault) async throws -> [String: String] {
        var seen: [String: String] = [:]
        let api = Fault.Place.api.union([.certificate])
        if !fault.places.isDisjoint(with: api) { seen.merge(try await lookAtAPI()) { $1 } }
        if !fault.places.isDisjoint(with: Fault.Place.database) { seen.merge(try await lookAtDatabase()) { $1 } }
        if fault.places.contains(.keys) { seen.merge(try await lookAtCache()) { $1 } }
        if !fault.places.isDisjoint(with: Fault.Place.objects) { seen.merge(try await lookAtObjects()) { $1 } }
        if Fault.kubernetesFaults.contains(where: { $0.name == fault.name }) {
            seen.merge(try await lookAtCluster()) { $1 }
        }
        return seen
    }

    /// Sizes and ages, to the hour: what is stored anew is a few seconds younger.
    private func lookAtObjects() async throws -> [String: String] {
        var seen: [String: String] = [:]
        let base = "http://127.0.0.1:\(sandbox.proxies.objects.port)/"
        seen["store"] = try await Program.output(
            "curl", ["-s", "-m", "1", "-o", "/dev/null", "-w", "%{http_code}", base]
        )
        .text
        for bucket in [SteamTrapObjects.backups, SteamTrapObjects.reports] {
            let folder = sandbox.objects.server.folder(of: bucket)
            let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
            for name in names.sorted() {
                let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/" + name)
                guard attributes[.type] as? FileAttributeType == .typeRegular,
                    let modified = attributes[.modificationDate] as? Date
                else { continue }
                let place = bucket == SteamTrapObjects.backups ? bucket : name
                let hours = Int((modified.timeIntervalSinceNow / 3600).rounded())
                seen[place, default: ""] += "\(attributes[.size] ?? 0) bytes, \(hours) h; "
            }
        }
        return seen
    }

    private func lookAtCluster() async throws -> [String: String] {
        let url = "https://127.0.0.1:\(sandbox.proxies.cluster.port)/api/v1/namespaces/greenlang-gl008/pods?limit=1"
        let token = sandbox.kubernetes.token(SteamTrapCluster.changeUser)
        let pod = sandbox.world.appPods.first?[dotted: "metadata.name"]?.string ?? ""
        let log = url.replacing("?limit=1", with: "/\(pod)/log?limitBytes=1")
        var seen: [String: String] = [:]
        for (name, url) in [("pods", url), ("log", log)] {
            let answer = try await Program.output(
                "curl", ["-sk", "-m", "1", "-H", "Authorization: Bearer \(token)", "-w", "%{http_code}", url])
            seen[name] = "\(answer.status) \(answer.text.prefix(12)) \(answer.text.suffix(3))"
        }
        return seen
    }

    private func lookAtAPI() async throws -> [String: String] {
        var seen: [String: String] = [:]
        let base = "https://localhost:\(sandbox.proxies.api.port)/v1/steam-trap"
        for path in ["/health", "/sensors/status", "/metrics/latency", "/metrics/success-rate", "/ml/metrics"] {
            let result = try await Program.output(
                "curl",
                ["-sS", "-L", "--max-redirs", "3", "-m", "1", "-o", "-", "-w", " %{http_code}"]
                    + ["--cacert", sandbox.certificates.rootPath, base + path])
            // Only its day: it moves with the clock.
            let text = result.text.prefix(300).replacing(#/T\d\d:\d\d:\d\dZ/#, with: "")
            seen[path] = "\(result.status) \(text)"
            if result.status == 28 || result.status == 7 { break }
        }
        let chain = try await Program.output(
            "timeout",
            ["1", "openssl", "s_client", "-connect", "127.0.0.1:\(sandbox.proxies.api.port)"]
                + ["-servername", "localhost", "-showcerts"])
        let blocks = chain.text.matches(of: #/-----BEGIN[^-]*-----[^-]*-----END/#).map { String($0.output) }
        seen["chain"] = blocks.joined()
        return seen
    }

    private func lookAtDatabase() async throws -> [String: String] {
        let looked = try await ask(
            "millwright_look", sandbox.passwords.look,
            """
            SET statement_timeout = 1500;
            SELECT 'old snapshots', count(*) FROM pg_stat_activity WHERE application_name = 'nightly-export'
                AND backend_xmin IS NOT NULL;
            SELECT 'connections', count(*) FROM pg_stat_activity WHERE application_name = 'connection-leak';
            SELECT 'tables', string_agg(relname, ' ' ORDER BY relname) FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i');
            SELECT 'columns', count(*) FROM pg_attribute WHERE attrelid = 'trap_inspections'::regclass
                AND attnum > 0 AND NOT attisdropped;
            SELECT 'constraints', string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint;
            SELECT 'triggers', string_agg(tgname, ' ' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal;
            SELECT 'drifting', count(*) FROM sensors WHERE calibration_drift_score > 0.2;
            SELECT 'last day', count(*) > 0 FROM trap_inspections WHERE detected_at > now() - interval '1 day';
            SELECT 'future', count(*) FROM trap_inspections WHERE detected_at > now() + interval '1 day';
            SELECT 'archived', count(*) FROM trap_inspections_archive;
            """)
        guard looked.first != "timeout" else { return ["look": "timeout"] }
        let changed = try await ask(
            "millwright_change", sandbox.passwords.change,
            """
            SET statement_timeout = 1500;
            SHOW default_transaction_read_only;
            SELECT pg_has_role('millwright_change', 'greenlang_app', 'member');
            """)
        return ["look": looked.joined(separator: "\n"), "change": changed.joined(separator: "\n")]
    }

    private func ask(_ role: String, _ password: String, _ sql: String) async throws -> [String] {
        let url = PostgreSQLServer.url(
            port: sandbox.proxies.database.port, database: "greenlang", user: role, password: password)
        do {
            return [try await PostgreSQLServer.psql(sql, url: url, limit: .seconds(3))]
        } catch let error as ProgramError {
            return error.reason.contains("did not end") || error.reason.contains("timeout expired")
                ? ["timeout"] : ["error: \(error.reason.replacing(#/port \d+|::1|[(].*[)]/#, with: ""))"]
        }
    }

    private func lookAtCache() async throws -> [String: String] {
        var seen: [String: String] = [:]
        let commands = [
            ["PING"], ["SCAN", "0", "COUNT", "500"], ["UNLINK", "steam-trap:cache:none"],
        ]
        for command in commands {
            let result = try await Program.output(
                "timeout",
                ["1", "redis-cli", "-e", "-p", String(sandbox.proxies.cache.port), "--user", "millwright"]
                    + command, environment: ["REDISCLI_AUTH=\(sandbox.passwords.cache)"])
            let text = result.text + result.errorText
            // Which keys come first differs from time to time.
            seen[command[0]] = "\(result.status) \(text.count > 2000 ? "many" : text)"
            if result.status == 124 { break }
        }
        let endless =
            "local n = 0; for _, k in ipairs(redis.call('KEYS', 'steam-trap:cache:report:*')) do "
            + "if redis.call('TTL', k) < 0 then n = n + 1 end end return n"
        if seen["PING"]?.contains("PONG") == true {
            seen["endless"] = try await sandbox.cache.command(["EVAL", endless, "0"])
        }
        return seen
    }
}
