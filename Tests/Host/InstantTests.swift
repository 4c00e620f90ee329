import FoundationEssentials
import Host
import Testing

@Suite struct InstantTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.000001Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (500_000, "1970-01-01T00:00:00.5Z"), (-1_000_000, "1969-12-31T23:59:59Z"),
        (-86_400_000_001, "1969-12-30T23:59:59.999999Z"), (1_795_312_800_120_000, "2026-11-22T02:00:00.12Z"),
        (-62_135_596_800_000_000, "0001-01-01T00:00:00Z"), (-62_167_219_200_000_001, "-000001-12-31T23:59:59.999999Z"),
        (253_402_300_800_000_000, "+010000-01-01T00:00:00Z"), (.max, "+294247-01-10T04:00:54.775807Z"),
    ])
    func eachHasOneText(microseconds: Int64, text: String) {
        let instant = Instant(microsecondsSinceEpoch: microseconds)
        #expect(instant.description == text)
        #expect(Instant(text) == instant)
    }

    /// Instants spread over the years 0 to 9999 come back from their text and from JSON, and keep their order.
    @Test func aTextComesBack() throws {
        var before = Instant(microsecondsSinceEpoch: -62_167_219_200_000_000)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<5000 {
            let step = Int64.random(in: 1...120_000_000_000_000, using: &random)
            let next = Instant(microsecondsSinceEpoch: before.microsecondsSinceEpoch + step)
            guard next.microsecondsSinceEpoch < 253_402_300_800_000_000 else { break }
            #expect(Instant(next.description) == next)
            #expect(before < next && before.description < next.description || before.description.hasPrefix("-"))
            before = next
        }
        let encoded = try JSONEncoder().encode([before])
        #expect(try JSONDecoder().decode([Instant].self, from: encoded) == [before])
    }

    @Test(arguments: [
        ("2026-11-22T02:00:00+00:00", "2026-11-22T02:00:00Z"), ("2026-11-22 02:00:00Z", "2026-11-22T02:00:00Z"),
        ("2026-11-22T02:00:00+02:00", "2026-11-22T00:00:00Z"), ("2026-11-22T02:00:00-0530", "2026-11-22T07:30:00Z"),
        ("2026-11-22T02:00:00+14", "2026-11-21T12:00:00Z"),
        ("2026-11-22 02:00:00.123456789+00", "2026-11-22T02:00:00.123456Z"),
        ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z"), ("2024-02-29T00:00:00.10Z", "2024-02-29T00:00:00.1Z"),
    ])
    func otherFormsOfTheSameMoment(text: String, same: String) { #expect(Instant(text)?.description == same) }

    @Test(arguments: [
        "", "2026-11-22", "2026-11-22T02:00:00", "2026-11-22T02:00Z", "2026-11-22T24:00:00Z", "2026-11-22T02:60:00Z",
        "2026-11-22T02:00:61Z", "2026-11-31T02:00:00Z", "2026-11-22T02:00:00.Z", "2026-11-22T02:00:00,5Z",
        "2026-11-22T02:00:00z", "2026-11-22T02:00:00+2", "2026-11-22T02:00:00+0:200", "2026-11-22T02:00:00+02:",
        "2026-11-22T02:00:00+02:0", "2026-11-22T02:00:00+24:00", "2026-11-22T02:00:00+02:60", "2026-11-22T02:00:00ZZ",
        "2026-11-22T+2:00:00Z", "2026-11-22T02-00-00Z", "2026-11-22T02:00:00 Z", "2026-+1-22T02:00:00Z", "T02:00:00Z",
        "+999999-01-01T00:00:00Z", "2026-11-22T02:00:00Z\u{0}", "٢٠٢٦-11-22T02:00:00Z", "2026-11-22T02:00:é0Z",
    ])
    func whatIsNoMomentIsRefused(text: String) {
        #expect(Instant(text) == nil)
        let json = Data("[\"\(text)\"]".utf8)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Instant].self, from: json) }
    }

    @Test func secondsAreRoundedDownAlsoBeforeTheEpoch() {
        #expect(Instant(microsecondsSinceEpoch: -1).secondsSinceEpoch == -1)
        #expect(Instant(microsecondsSinceEpoch: -1_000_000).secondsSinceEpoch == -1)
        #expect(Instant(microsecondsSinceEpoch: -1_000_001).secondsSinceEpoch == -2)
        #expect(Instant(microsecondsSinceEpoch: 1_999_999).secondsSinceEpoch == 1)
    }

    @Test func differencesAreDurations() {
        let start = Instant(secondsSinceEpoch: 100)
        #expect(start + .milliseconds(1500) - start == .milliseconds(1500))
        #expect(start - .seconds(200) == Instant(secondsSinceEpoch: -100))
        #expect(Duration.nanoseconds(1999).microseconds == 1)
        #expect(Duration.nanoseconds(-1999).microseconds == -1)
        #expect(Duration.milliseconds(-250).inSeconds == -0.25)
    }
}
