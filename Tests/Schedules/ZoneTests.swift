import FoundationEssentials
import Host
import Schedules
import Testing

@Suite struct ZoneTests {
    /// Against Python's zoneinfo: what clocks show at random instants from 1900 to 2100, and around changes.
    @Test(arguments: ZoneFixtures.names)
    func offsetsAreThoseOfAnotherProgram(name: String) throws {
        let zone = try ZoneFixtures.zone(name)
        let lines = try ZoneFixtures.lines("offsets.txt", of: name)
        #expect(lines.count >= 200)
        for line in lines {
            #expect(zone.offset(at: Instant(secondsSinceEpoch: line[0])) == Int(line[1]), "\(name) at \(line[0])")
        }
    }

    /// Against Python's zoneinfo: the instants at which clocks show a time, many of them in gaps and overlaps.
    @Test(arguments: ZoneFixtures.names)
    func instantsOfLocalTimesAreThoseOfAnotherProgram(name: String) throws {
        let zone = try ZoneFixtures.zone(name)
        let lines = try ZoneFixtures.lines("locals.txt", of: name)
        #expect(lines.count >= 60)
        for line in lines {
            let shown = Zone.utc.local(at: Instant(secondsSinceEpoch: line[0]))
            let instants = zone.instants(of: shown)
            #expect(instants.map(\.secondsSinceEpoch) == Array(line[1...]), "\(name) at \(shown)")
            #expect((zone.endOfGap(over: shown) != nil) == instants.isEmpty, "\(name) at \(shown)")
            for instant in instants { #expect(zone.local(at: instant) == shown) }
        }
    }

    @Test func aGapEndsWhereClocksWerePutForward() throws {
        for (name, shown, end) in [
            ("America/New_York", "2026-03-08 02:30", "2026-03-08T07:00:00Z"),
            ("Europe/Berlin", "2026-03-29 02:00", "2026-03-29T01:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03T15:30:00Z"),
            ("Pacific/Apia", "2011-12-30 09:00", "2011-12-30T10:00:00Z"),
        ] {
            #expect(try ZoneFixtures.zone(name).endOfGap(over: try local(shown)) == (try instant(end)), "\(name)")
        }
        #expect(try ZoneFixtures.zone("Europe/Berlin").endOfGap(over: try local("2026-03-29 03:00")) == nil)
        #expect(try ZoneFixtures.zone("Europe/Berlin").endOfGap(over: try local("2026-03-29 01:59:59")) == nil)
    }

    @Test func fractionsOfASecondBelongToTheirSecond() throws {
        let berlin = try ZoneFixtures.zone("Europe/Berlin")
        #expect(berlin.offset(at: try instant("2026-03-29T00:59:59.999999Z")) == 3600)
        #expect(berlin.offset(at: try instant("2026-03-29T01:00:00Z")) == 7200)
        let beforeEpoch = Instant(microsecondsSinceEpoch: -1)
        #expect(Zone.utc.local(at: beforeEpoch) == (try local("1969-12-31 23:59:59")))
    }

    /// The forms of rules that RFC 9636 allows, each with instants and the hours that clocks are ahead then.
    static let rules: [(footer: String, hours: [String: Double])] = [
        ("<+03>-3", ["2026-01-01T00:00:00Z": 3.0, "2026-07-01T00:00:00Z": 3]),
        ("<-0330>+3:30", ["2026-01-01T00:00:00Z": -3.5]),
        ("LMT0:00:01", ["2026-01-01T00:00:00Z": -1.0 / 3600]),
        ("EST5EDT,M3.2.0,M11.1.0", ["2500-01-01T00:00:00Z": -5, "2500-07-01T00:00:00Z": -4]),
        // The southern summer begins late in the year.
        (
            "AEST-10AEDT,M10.1.0,M4.1.0/3",
            ["2026-01-01T00:00:00Z": 11, "2026-07-01T00:00:00Z": 10, "2026-12-31T23:00:00Z": 11]
        ),
        // Times beyond a day and before midnight.
        (
            "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
            ["2026-03-29T00:59:59Z": -2, "2026-03-29T01:00:00Z": -1, "2026-10-25T01:00:00Z": -2]
        ),
        (
            "IST-2IDT,M3.4.4/26,M10.5.0", ["2026-03-26T23:59:59Z": 2, "2026-03-27T00:00:00Z": 3]
        ),
        // J60 is 1 March also in a leap year, 59 is 29 February in one.
        ("AAA0BBB,J60/0,J300/0", ["2024-02-29T23:59:59Z": 0, "2024-03-01T00:00:00Z": 1, "2026-03-01T00:00:00Z": 1]),
        ("AAA0BBB,59/0,300/0", ["2024-02-28T23:59:59Z": 0, "2024-02-29T00:00:00Z": 1, "2026-03-01T00:00:00Z": 1]),
        // Summer all year, also across New Year.
        (
            "EST5EDT,0/0,J365/25",
            [
                "2026-12-31T23:59:59Z": -4, "2027-01-01T04:00:00Z": -4, "2027-01-01T05:00:00Z": -4,
                "2026-07-01T00:00:00Z": -4,
            ]
        ),
        ("WART4WARST,J1/0,J365/25", ["2027-01-01T03:00:00Z": -3, "2026-07-01T00:00:00Z": -3]),
        // Winter time that is the exception.
        ("IST-1GMT0,M10.5.0,M3.5.0/1", ["2026-07-01T00:00:00Z": 1, "2026-12-01T00:00:00Z": 0]),
        ("", ["2026-07-01T00:00:00Z": 0.5]),
    ]

    @Test(arguments: rules)
    func rulesOfTheLastLine(footer: String, hours: [String: Double]) throws {
        let zone = try Zone(name: "X", tzif: ZoneFixtures.file(offset: 1800, footer: footer))
        for (text, hours) in hours {
            #expect(zone.offset(at: try instant(text)) == Int((hours * 3600).rounded()), "\(footer) at \(text)")
        }
    }

    @Test(arguments: [
        "CE-1", "CET", "CET-25", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J300", "CET-1CEST,366,300", "CET-1CEST,M3.5.0/168,M10.5.0", "<+03-3",
        "CET-1CEST,M3.5.0,M10.5.0x", "CET-1:60", "<+03>-99999999999999999999", "C\u{e9}T-1",
    ])
    func anUnreadableRuleIsAnError(footer: String) {
        #expect(throws: ScheduleError.self) { try Zone(name: "X", tzif: ZoneFixtures.file(footer: footer)) }
    }

    @Test func aDamagedFileIsAnErrorAndNeverAnotherTime() throws {
        let whole = try ZoneFixtures.bytes("Europe/Berlin")
        for count in 0..<whole.count {
            #expect(throws: ScheduleError.self) { try Zone(name: "X", tzif: Array(whole[..<count])) }
        }
        // Any byte altered: an error or some zone, and never a crash.
        for index in whole.indices {
            var bytes = whole
            bytes[index] ^= 0xFF
            _ = try? Zone(name: "X", tzif: bytes)
        }
        for bytes in [
            ZoneFixtures.file(footer: "UTC0", version: "\0"), ZoneFixtures.file(footer: "UTC0", leaps: 1),
            ZoneFixtures.file(footer: "UTC0", times: [(5, 0), (5, 0)]),
            ZoneFixtures.file(footer: "UTC0", times: [(5, 1)]),
            ZoneFixtures.file(offset: 100_000, footer: "UTC0"),
        ] {
            #expect(throws: ScheduleError.self) { try Zone(name: "X", tzif: bytes) }
        }
        #expect(throws: Never.self) { try Zone(name: "X", tzif: ZoneFixtures.file(footer: "UTC0", times: [(5, 0)])) }
    }
}

/// How a zone's name becomes its file.
@Suite struct ZoneLoadingTests {
    /// A machine with two zones and the list of all.
    private let host: Host = {
        var host = Host.system
        host.readFile = { path, _ in
            switch path {
            case "/usr/share/zoneinfo/Europe/Berlin": try ZoneFixtures.bytes("Europe/Berlin")
            case "/usr/share/zoneinfo/Etc/GMT+3": try ZoneFixtures.bytes("Etc/GMT+3")
            case "/usr/share/zoneinfo/tzdata.zi":
                Array(
                    "# version 2026a\nZ Europe/Berlin 0:53:28 - LMT\n1 C CE%sT\nL Europe/Berlin Europe/Oslo\nZ America/New_York -4:56 - LMT"
                        .utf8)
            default: throw FileError(path: path, reason: "No such file or directory")
            }
        }
        return host
    }()

    @Test func aZoneIsReadByItsName() throws {
        let berlin = try Zone.load("Europe/Berlin", host: host)
        #expect(berlin.name == "Europe/Berlin")
        #expect(berlin.offset(at: try instant("2026-07-01T00:00:00Z")) == 7200)
        #expect(try Zone.load("Etc/GMT+3", host: host).offset(at: try instant("2026-07-01T00:00:00Z")) == -10_800)
        #expect(try Zone.load("UTC", host: host) == .utc)
    }

    static let unknown: [(name: String, hint: String)] = [
        ("Europe/Berln", "did you mean `Europe/Berlin`?"), ("europe/berlin", "did you mean `Europe/Berlin`?"),
        ("Oslo", "did you mean `Europe/Oslo`?"), ("new york", "did you mean `America/New_York`?"),
        ("Mars/Olympus", "names are like `Europe/Berlin`"), ("", "names are like"),
        // Tricks with paths; the host would be asked for other files.
        ("../Europe/Berlin", "unknown time zone"), ("/usr/share/zoneinfo/Europe/Berlin", "unknown time zone"),
        ("Europe/./Berlin", "unknown time zone"), ("Europe//Berlin", "unknown time zone"),
        ("Europe/Berlin/", "unknown time zone"), ("Europe/Berlin\0", "unknown time zone"),
        ("a/b/c/d", "unknown time zone"),
    ]

    @Test(arguments: unknown)
    func anUnknownZoneIsAnErrorThatSaysWhatWasMeant(name: String, hint: String) {
        let error = #expect(throws: ScheduleError.self) { try Zone.load(name, host: host) }
        #expect(error?.message.contains(hint) == true, "\(error?.message ?? "")")
    }

    @Test func aPathIsNeverMadeOfATrick() {
        var host = host
        host.readFile = { path, _ in
            #expect(path == "/usr/share/zoneinfo/tzdata.zi")
            throw FileError(path: path, reason: "No such file or directory")
        }
        for name in ["..", ".", "../../../etc/passwd", "a/../../b", String(repeating: "a", count: 65), "ü"] {
            let error = #expect(throws: ScheduleError.self) { try Zone.load(name, host: host) }
            #expect(error?.message.contains("tzdata") == true)
        }
    }

    /// Every zone of this machine can be read.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/tzdata.zi"), "needs tzdata"))
    func everyZoneOfTheSystemIsRead() throws {
        let text = try String(contentsOfFile: "/usr/share/zoneinfo/tzdata.zi", encoding: .utf8)
        let names = text.split(separator: "\n").filter { $0.hasPrefix("Z ") }.map { $0.split(separator: " ")[1] }
        #expect(names.count > 300)
        for name in names { _ = try Zone.load(String(name), host: .system) }
    }
}
