import ClientObjectStore
import Foundation
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ActionsBackups

@Suite struct BackupDateTests {
    private static func key(hours: Double) -> String {
        let date = Host.system.now() - .milliseconds(Int64(hours * 3_600_000))
        let text = date.description.prefix(19).filter { $0 != "-" && $0 != ":" }
        return "db-\(text.prefix(8))-\(text.suffix(6)).sql.gz"
    }

    /// An old backup that was stored again is as old as its key says.
    @Test func storedAnew() async throws {
        try await Bucket.with { bucket in
            for hours in [900.0, 924, 948] {
                try bucket.place(Self.key(hours: hours), Dump.packed(rows: 500), hours: 1)
            }
            let dated = try await bucket.look(["key-date": "%Y%m%d-%H%M%S"])
            #expect(dated.words == ["warn date-disagrees"] && abs((dated.value("age") ?? 0) - 900) < 0.1)
            let undated = try await bucket.look()
            #expect(undated.words.isEmpty && abs((undated.value("age") ?? 0) - 1) < 0.1)
        }
    }

    @Test func datesThatAgree() async throws {
        try await Bucket.with { bucket in
            try bucket.place(Self.key(hours: 5), Dump.packed(rows: 500), hours: 4.5)
            try bucket.place(Self.key(hours: 29), Dump.packed(rows: 500), hours: 28.5)
            try bucket.place("db-latest.sql.gz", Dump.packed(rows: 500), hours: 0.1)
            let look = try await bucket.look(["key-date": "%Y%m%d-%H%M%S"])
            #expect(look.words.isEmpty && abs((look.value("age") ?? 0) - 5) < 0.1)
            #expect(look.value("count") == 2 && look.value("others") == 1)
            // A date without a time is the whole day: the time of storing counts.
            let day = try await bucket.look(["key-date": "%Y%m%d"])
            #expect(abs((day.value("age") ?? 0) - 4.5) < 0.1)
        }
    }

    @Test func fromTheFuture() async throws {
        try await Bucket.with { bucket in
            try bucket.week(newest: 50)
            try bucket.place("db-new.sql.gz", Dump.packed(rows: 2000), hours: -6)
            let look = try await bucket.look()
            #expect(look.words == ["unknown clock-skew"] && look.observation?.missing["age"]?.code == .clockSkew)
            #expect(look.value("age") == nil)
        }
    }

    /// A store whose clock is hours off: its `Date` says so.
    @Test(arguments: [-5.0, 5.0]) func clockSkew(_ hours: Double) async throws {
        let real = try await ObjectStoreServer.shared()
        try await Bucket.with { bucket in
            try bucket.week(newest: 30)
            let shifted = try ShiftedStore(to: real.port, by: hours * 3600)
            let look = try await bucket.look(["format": "any"], port: shifted.server.port)
            #expect(look.words == ["unknown clock-skew"])
            #expect(abs((look.value("clock_skew") ?? 0) - hours * 3600) < 5)
            // Never older than by the clock that makes it younger: a fail is one by both.
            #expect(abs((look.value("age") ?? 0) - min(30, 30 + hours)) < 0.1)
        }
    }

    @Test(arguments: [
        ("%Y%m%d-%H%M%S", "db-20261121-030000.sql.gz", "2026-11-21T03:00:00Z", 1.0),
        ("%Y-%m-%d", "2026/2026-11-21/db.sql", "2026-11-21T00:00:00Z", 86_400),
        ("%Y%m%dT%H%M", "a20261121T0305Z", "2026-11-21T03:05:00Z", 60),
        ("%d.%m.%Y", "db 21.11.2026", "2026-11-21T00:00:00Z", 86_400),
        ("%Y%m%d", "99999999-20261121", "2026-11-21T00:00:00Z", 86_400),
    ])
    func keyDates(_ pattern: String, _ key: String, _ first: String, _ seconds: Double) throws {
        let span = try #require(try KeyDate.read(.text(pattern)).span(in: key))
        #expect(span.lowerBound.description == first)
        #expect(abs((span.upperBound - span.lowerBound).inSeconds - seconds) < 0.001)
    }

    @Test(arguments: [
        ("%Y%m%d", "db-latest.sql.gz"), ("%Y%m%d", "db-20261321"), ("%Y%m%d", "db-20260230"),
        ("%Y%m%d", "123420261121"), ("%Y%m%d", "202611215"), ("%Y-%m-%d", "20261121"), ("%Y%m%d-%H", "20261121-25"),
    ])
    func noKeyDates(_ pattern: String, _ key: String) throws {
        #expect(try KeyDate.read(.text(pattern)).span(in: key) == nil)
    }

    @Test(arguments: ["%Y%m", "%Y%m%d%Z", "db", "%"]) func wrongPatterns(_ pattern: String) {
        #expect(throws: ValueError.self) { try KeyDate.read(.text(pattern)) }
    }

    @Test(arguments: [
        ("*.gz", "a.gz", true), ("*.gz", "a/b.gz", false), ("**.gz", "a/b.gz", true), ("a?c", "abc", true),
        ("a?c", "a/c", false), ("*", "", true), ("", "a", false), ("db-*.sql*", "db-1.sql.gz", true),
        ("a*b*c", "abcb", false),
        ("**/x", "a/b/x", true), ("***", "a/b", true),
    ])
    func globs(_ pattern: String, _ key: String, _ isMatch: Bool) { #expect(KeyGlob(pattern).matches(key) == isMatch) }
}

/// A real store behind a stand-in that tells another time.
struct ShiftedStore {
    let server: StandInServer

    init(to port: Int, by seconds: Double) throws {
        server = try StandInServer()
        server.otherwise { request in
            var answer = Relayed.get(port, request)
            answer.headers.append(("Date", Relayed.date(Date(timeIntervalSinceNow: seconds))))
            return answer
        }
    }
}

/// Passes a request on with the headers that it was signed with.
enum Relayed {
    static func get(_ port: Int, _ request: StandInServer.Request) -> Answer {
        guard let url = URL(string: "http://127.0.0.1:\(port)\(request.target)") else { return Answer(status: 400) }
        var process = ["-s", "-X", request.method]
        for (name, value) in request.headers where name != "connection" { process += ["-H", "\(name): \(value)"] }
        let curl = Process()
        curl.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        curl.arguments = process + [url.absoluteString]
        let pipe = Pipe()
        curl.standardOutput = pipe
        do { try curl.run() } catch { return Answer(status: 502) }
        let body = Array(pipe.fileHandleForReading.readDataToEndOfFile())
        curl.waitUntilExit()
        return Answer(status: 200, body: .bytes(body))
    }

    static func date(_ date: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(from: date)
    }
}
