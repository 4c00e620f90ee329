import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsBackups

@Suite struct BackupAgeTests {
    @Test func allIsWell() async throws {
        try await Bucket.with { bucket in
            try bucket.week()
            let look = try await bucket.look()
            #expect(look.words.isEmpty, "\(look.words)")
            #expect(abs((look.value("age") ?? 0) - 3) < 0.1 && look.value("count") == 7 && look.value("others") == 0)
            #expect(abs(look.value("clock_skew") ?? 99) < 5 && abs(look.value("size_change") ?? 99) < 5)
            let newest = try #require(look.observation?.details.first)
            #expect(
                newest["key"] == "gl008/db-0.sql.gz" && newest["format"] == "gzip" && newest["packed_format"] == "sql")
            #expect(newest["read"] == newest["size"] && look.observation?.details.count == 7)
            #expect(newest["unpacked"] == .number(Double(Dump.plain(rows: 2000).count)))
        }
    }

    @Test func thresholds() throws {
        func thresholds(_ value: String?) throws -> Thresholds {
            let definition = try #require(BackupActions.all.first)
            return try definition.configured(with: value.map { .map([.init("recovery-point", .text($0))]) }).thresholds
        }
        #expect(try thresholds(nil) == Thresholds(warn: "age >= 26h", fail: "age >= 2d"))
        #expect(try thresholds("30 hours") == Thresholds(warn: "age >= 26h", fail: "age >= 30h"))
    }

    @Test func stale() async throws {
        try await Bucket.with { bucket in
            try bucket.week(newest: 100)
            let look = try await bucket.look()
            #expect(abs((look.value("age") ?? 0) - 100) < 0.1 && look.words.isEmpty)
        }
    }

    @Test func none() async throws {
        try await Bucket.with { bucket in
            let nothing = try await bucket.look()
            #expect(nothing.words == ["fail no-backup"] && nothing.value("count") == 0)
            #expect(nothing.observation?.missing["age"] != nil)
            try bucket.place("notes.txt", Array("notes".utf8), hours: 1)
            let others = try await bucket.look(["pattern": "*.sql.gz"])
            #expect(others.words == ["fail no-backup"] && others.value("others") == 1)
            // A marker of a folder is no backup.
            let dated = try await bucket.look(["key-date": "%Y%m%d"])
            #expect(dated.words == ["fail no-backup"])
        }
    }

    @Test func empty() async throws {
        try await Bucket.with { bucket in
            try bucket.week(newest: 26)
            try bucket.place("db-new.sql.gz", [], hours: 1)
            #expect(try await bucket.look().words == ["fail empty"])
            // What `pg_dump | gzip` leaves where pg_dump cannot even connect.
            try bucket.place("db-new.sql.gz", Dump.gzip([]), hours: 1)
            #expect(try await bucket.look().words == ["fail shrunken", "fail empty"])
        }
    }

    @Test func shrunkenAndGrown() async throws {
        try await Bucket.with { bucket in
            try bucket.week(newest: 26)
            try bucket.place("db-new.sql.gz", Dump.packed(rows: 700), hours: 1)
            let shrunken = try await bucket.look()
            #expect(shrunken.words == ["fail shrunken"] && (shrunken.value("size_change") ?? 0) < -50)
            #expect(try await bucket.look(["shrunken": "90%"]).words.isEmpty)
            #expect(try await bucket.look(["shrunken": "90%", "smallest": "1 GiB"]).words == ["fail too-small"])
            try bucket.place("db-new.sql.gz", Dump.packed(rows: 9000), hours: 1)
            #expect(try await bucket.look().words == ["warn grown"])
            #expect(try await bucket.look(["grown": "900%"]).words.isEmpty)
        }
    }

    /// The first of all has nothing to be held against, and that is no fault.
    @Test func theFirst() async throws {
        try await Bucket.with { bucket in
            try bucket.place("db.sql.gz", Dump.packed(rows: 10), hours: 1)
            let look = try await bucket.look()
            #expect(look.words.isEmpty && look.observation?.missing["size_change"]?.code == .noData)
        }
    }

    /// An object that is no backup must not make an old backup look new.
    @Test func foreign() async throws {
        try await Bucket.with { bucket in
            try bucket.week(newest: 90)
            try bucket.place("db-new.sql.gz", Array("<!DOCTYPE html><html>Sign in</html>".utf8), hours: 1)
            #expect(try await bucket.look(["shrunken": "99.9%"]).words == ["fail foreign"])
            try bucket.place("db-new.sql.gz", Dump.gzip(Array("{\"error\": \"denied\"}".utf8)), hours: 1)
            #expect(try await bucket.look(["shrunken": "99.9%"]).words == ["fail foreign"])
            try bucket.place("README", Array("How we make backups".utf8), hours: 0.5)
            #expect(try await bucket.look(["shrunken": "99.9%"]).words == ["fail foreign"])
            let named = try await bucket.look(["pattern": "db-?.sql.gz"])
            #expect(named.words.isEmpty && abs((named.value("age") ?? 0) - 90) < 0.1 && named.value("others") == 2)
            // A checksum beside a backup is none, and no reason to complain.
            try bucket.place("db-0.sql.gz.sha256", Array("abc  db-0.sql.gz".utf8), hours: 0.1)
            #expect(try await bucket.look(["pattern": "db-?.sql.gz"]).value("count") == 7)
        }
    }

    @Test func formats() async throws {
        try await Bucket.with { bucket in
            try bucket.place("db.dump", Array("PGDMP".utf8) + [1, 14, 0] + [UInt8](repeating: 0, count: 900), hours: 1)
            #expect(try await bucket.look().words.isEmpty)
            #expect(try await bucket.look(["format": "postgresql-custom"]).words.isEmpty)
            #expect(try await bucket.look(["format": "gzip"]).words == ["fail foreign"])
            try bucket.place("db.raw", [UInt8](repeating: 7, count: 900), hours: 0.5)
            #expect(try await bucket.look().words == ["unknown not-supported"])
            #expect(try await bucket.look(["format": "any"]).words.isEmpty)
            try bucket.place(
                "db.xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0] + [UInt8](repeating: 7, count: 900), hours: 0.2)
            #expect(try await bucket.look().words == ["fail damaged"])
        }
    }

    @Test func damaged() async throws {
        try await Bucket.with { bucket in
            try bucket.week(newest: 26)
            let whole = Dump.packed(rows: 2000)
            try bucket.place("db-new.sql.gz", Array(whole.dropLast(300)), hours: 1)
            #expect(try await bucket.look().words == ["fail damaged"])
            var flipped = whole
            flipped[whole.count / 2] ^= 4
            try bucket.place("db-new.sql.gz", flipped, hours: 1)
            #expect(try await bucket.look().words == ["fail damaged"])
            // The packing is whole; the dump in it was cut, as when pg_dump dies and gzip does not notice.
            try bucket.place("db-new.sql.gz", Dump.packed(rows: 2000, isComplete: false), hours: 1)
            #expect(try await bucket.look().words == ["fail damaged"])
            try bucket.place("db-new.sql", Dump.plain(rows: 2000, isComplete: false), hours: 0.5)
            #expect(try await bucket.look(["pattern": "*.sql"]).words == ["fail damaged"])
            try bucket.place("db-new.sql", Dump.plain(rows: 2000), hours: 0.5)
            #expect(try await bucket.look(["pattern": "*.sql"]).words.isEmpty)
        }
    }

    /// gzip itself says that it is cut, whatever is packed in it; and all that it unpacks to is counted.
    @Test func packedWhole() async throws {
        try await Bucket.with { bucket in
            let text = Array("-- all the same\n".utf8) + [UInt8](repeating: 32, count: 3_000_000)
            let packed = Dump.gzip(text)
            try bucket.place("db.sql.gz", packed, hours: 1)
            let whole = try await bucket.look()
            #expect(whole.words.isEmpty && whole.observation?.details.first?["unpacked"] == 3_000_016)
            for left in [1, 8, 9, 20] {
                try bucket.place("db.sql.gz", Array(packed.dropLast(left)), hours: 1)
                #expect(try await bucket.look().words == ["fail damaged"], "\(left) bytes are missing")
            }
        }
    }

    /// Beyond `read-whole` only the beginning is read, and the details say so.
    @Test func largeOnesAreReadInPart() async throws {
        try await Bucket.with { bucket in
            let more = Array("-- more".utf8)
            let unpacked = Double(Dump.plain(rows: 60_000).count + more.count)
            try bucket.place("db.sql.gz", Dump.packed(rows: 60_000) + Dump.gzip(more), hours: 1)
            let look = try await bucket.look(["read-whole": "1 kB"])
            #expect(look.words.isEmpty && look.observation?.details.first?["read"] == 65_536)
            #expect(look.observation?.details.first?["unpacked"] == nil)
            // Two members, one after the other, are one gzip.
            let whole = try await bucket.look()
            #expect(whole.words.isEmpty && whole.observation?.details.first?["unpacked"] == .number(unpacked))
        }
    }
}
