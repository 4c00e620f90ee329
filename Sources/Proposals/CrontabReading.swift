/// What a crontab runs, and which actions do the same and look whether it worked.
///
/// Commands often hold passwords: only the programs' names are told.
public enum CrontabReading {
    /// One line for each job.
    public static func notes(_ text: String, of file: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split { $0 == " " || $0 == "\t" }.map(String.init)
            guard let first = words.first, !first.hasPrefix("#"), !first.contains("=") else { return nil }
            let isNickname = first.hasPrefix("@")
            let fields = isNickname ? 1 : 5
            guard words.count > fields, isNickname || words.prefix(5).allSatisfy(isField) else { return nil }
            let programs = known.filter { known in
                words.dropFirst(fields).contains {
                    $0.split { "/;|&()$`\"'".contains($0) }.contains { $0 == known.program }
                }
            }
            let when = words.prefix(fields).joined(separator: " ")
            guard let found = programs.first else {
                return "\(file), \(when): a command of its own; `program.run` with a `proof` would run and check it."
            }
            return "\(file), \(when): runs \(found.program); \(found.instead)."
        }
    }

    private static func isField(_ word: String) -> Bool {
        word.allSatisfy { $0.isASCII && ($0.isNumber || $0.isLetter || "*/,-#".contains($0)) }
    }

    private static let known: [(program: String, instead: String)] = [
        ("vacuumdb", "`postgresql.vacuum` does it table by table and proves it"),
        ("pg_dump", "`backup.age` looks whether the newest backup is there, whole and recent"),
        ("pg_dumpall", "`backup.age` looks whether the newest backup is there, whole and recent"),
        ("pg_basebackup", "`backup.age` looks whether the newest backup is there, whole and recent"),
        ("redis-cli", "`redis.delete-pattern` deletes by pattern, counted and proven"),
        ("certbot", "`tls.certificate` looks at what is served, not at files"),
        ("trivy", "`scan.report` judges its report, and notices one that is missing"),
        ("kubectl", "`kubernetes.rollout-restart` and `kubernetes.job-from-cronjob` wait for the outcome"),
        ("logrotate", "`logs.archive` keeps logs, read back before anything goes"),
        ("df", "`disk.usage` looks at every file system"),
        ("curl", "`http.health` and `http.json` judge what is answered"),
        ("psql", "`postgresql.query` judges what a query gives"),
    ]
}
