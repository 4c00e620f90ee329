import Foundation

/// What the killed nodes have to do: something every second, and every effect a line of a file that nobody makes unique,
/// so that one done twice is seen.
struct ServeKillPlans {
    /// Seconds between two occurrences, by service; each has one procedure.
    static let periods = ["watch": 1, "work": 2, "slow": 5, "archive": 3]
    /// Those with the steps `marks` and `program`.
    static let marking: Set<String> = ["work", "slow"]
    static let rows = 60_000

    /// Holds the effects, and the program that makes them.
    let folder: URL

    init(in folder: URL) throws {
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["marks", "programs"] { try Data().write(to: folder.appending(path: name)) }
        let program = folder.appending(path: "mark")
        try Self.mark.write(to: program, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
    }

    /// - Parameter database: Where the table `item` lies, whose rows become old ten a second.
    func write(to plans: URL, database: String?) throws {
        try FileManager.default.createDirectory(at: plans, withIntermediateDirectories: true)
        var texts = ["watch": watch, "work": work(takes: 0.1), "slow": slow]
        texts["archive"] = database.map(archive)
        for (name, text) in texts {
            try text.write(to: plans.appending(path: name + ".yaml"), atomically: true, encoding: .utf8)
        }
    }

    func remove(from plans: URL) throws {
        for name in Self.periods.keys {
            let file = plans.appending(path: name + ".yaml")
            if FileManager.default.fileExists(atPath: file.path) { try FileManager.default.removeItem(at: file) }
        }
    }

    /// The lines of a file of effects.
    func lines(_ name: String) throws -> [String] {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8).split(separator: "\n").map(String.init)
    }

    static let tables = """
        CREATE TABLE item (id bigint PRIMARY KEY, made timestamptz NOT NULL);
        CREATE TABLE item_archive (LIKE item INCLUDING ALL);
        INSERT INTO item SELECT n, now() - interval '1 hour' + n * interval '100 milliseconds'
            FROM generate_series(1, \(rows)) AS n;
        """

    private static let look = """
        check: disk.usage
                with: { mounts: [/] }
                warn: used_percent > 101%
                fail: used_percent > 101%
        """

    private var watch: String {
        """
        service: watch
        procedures:
          look:
            schedule: "*/1 * * * * *"
            catch-up: { mode: none, within: 500ms }
            steps:
              - \(Self.look)

        """
    }

    private var slow: String {
        work(takes: 1).replacing("service: work", with: "service: slow").replacing("*/2 *", with: "*/5 *")
            .replacing("mode: all, at-most: 5", with: "mode: last").replacing("overlap: queue", with: "overlap: skip")
            .replacing("sleep 0.1;", with: "sleep 2;")
    }

    private func work(takes seconds: Double) -> String {
        """
        service: work
        actions:
          mark.place: { program: \(folder.path)/mark }
        procedures:
          work:
            schedule: "*/2 * * * * *"
            catch-up: { mode: all, at-most: 5, within: 60s }
            overlap: queue
            steps:
              - { id: marks, do: mark.place, with: { file: \(folder.path)/marks, takes: "\(seconds)" } }
              - id: between
                \(Self.look)
              - id: program
                do: program.run
                with:
                  command: [sh, -c, 'sleep 0.1; echo "$MILLWRIGHT_WORK" >>\(folder.path)/programs; sleep 0.1']
                  impact: online
                proof:
                  - \(Self.look.replacing("\n", with: "\n    "))

        """
    }

    private func archive(_ database: String) -> String {
        """
        service: archive
        targets: { db: { postgresql: "\(database)" } }
        procedures:
          archive:
            schedule: "*/3 * * * * *"
            overlap: queue
            steps:
              - id: archive
                do: postgresql.archive
                target: db
                with: { table: item, into: item_archive, column: made, older-than: 1 hour, batch: 7 }

        """
    }

    /// A change of two units that tells truly what it did: the line is its only effect.
    private static let mark = #"""
        #!/bin/sh
        set -eu
        eval "$(jq -r '@sh "id=\(.id) call=\(.call) run=\(.label.run // "") step=\(.label.step // "")
            unit=\(.unit.id // "") file=\(.parameters.file // "") takes=\(.parameters.takes // "")"')"
        reply() { printf '{"type":"reply","protocol":1,"id":"%s"%s}\n' "$id" "${1:-}"; }
        text() { printf '{"name":"%s","type":"text","summary":"%s"}' "$1" "$2"; }
        case $call in
        describe)
            reply "$(printf ',"name":"mark.place","kind":"change","impact":"online","summary":"%s","parameters":[%s,%s],%s' \
                "Writes a line for each unit." "$(text file Where.)" "$(text takes 'Seconds before, and twice after.')" \
                '"example":{"file":"/tmp/marks","takes":"1"}')" ;;
        preview) reply ',"summary":"writes two lines","units":[{"id":"first"},{"id":"second"}]' ;;
        prepare) reply ',"baseline":{}' ;;
        probe)
            if grep -qxF "$run $step $unit" "$file"; then reply ',"state":"applied","summary":"its line is there"'
            else reply ',"state":"pending"'; fi ;;
        apply)
            sleep "$takes"
            echo "$run $step $unit" >>"$file"
            sleep "$takes"
            sleep "$takes"
            reply ;;
        esac
        """#
}
