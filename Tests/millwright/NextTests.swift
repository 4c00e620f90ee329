import Foundation
import Testing

@Suite struct NextTests {
    private func next(_ schedule: String, _ more: String...) async throws -> CommandLine.Outcome {
        try await CommandLine.run(["next", schedule, "--after", "2026-03-28T00:00:00Z"] + more)
    }

    @Test func itSaysWhenAndInPlainWords() async throws {
        let text = try await next("first Sunday of the month 02:00", "--count", "2")
        #expect(text.exit == 0, "\(text.errors)")
        #expect(
            text.output == """
                the first Sunday of every month at 02:00
                Sun 2026-04-05 02:00
                Sun 2026-05-03 02:00

                """, "\(text.output)")
    }

    @Test func clocksOfAZoneAreKept() async throws {
        let json = try await next("daily 02:30", "--timezone", "Europe/Berlin", "--count", "3", "--format", "json")
        let document = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: [String]]
        // On the 29th there is no 02:30: the first instant after the gap.
        #expect(document == ["next": ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]])
    }

    @Test func whatNeverIsIsSaid() async throws {
        let over = try await next("2025-01-01 09:00")
        #expect(over.exit == 65 || over.output.contains("never"), "\(over.output)\(over.errors)")
        let once = try await next("2026-04-01 09:00")
        #expect(once.exit == 0 && once.output.hasSuffix("and never again\n"), "\(once.output)\(once.errors)")
    }

    @Test func whatNoClockTellsIsExplained() async throws {
        let text = try await next("by agreement, at least every 3 months")
        #expect(text.exit == 0, "\(text.errors)")
        #expect(
            text.output == """
                at a time that people agree on; overdue 3 months after the last one
                `millwright calendar PLAN` shows when that is, with the plan and what its journal knows

                """, "\(text.output)")
        let json = try await next("30 days before expiry of api", "--format", "json")
        let document = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: [String]]
        #expect(document == ["next": []])
    }

    @Test func whatIsSuspiciousIsRefusedWithWhatWasMeant() async throws {
        let suspicious = try await next("* 3 * * *")
        #expect(suspicious.exit == 65 && suspicious.output.isEmpty)
        #expect(suspicious.errors.contains("`0 3 * * *`"), "\(suspicious.errors)")
        let wrong = try await next("first Sonday of the month")
        #expect(wrong.exit == 65 && wrong.errors.contains("first Sonday of the month"), "\(wrong.errors)")
        let zone = try await next("daily 02:30", "--timezone", "Europe/Atlantis")
        #expect(zone.exit == 65 && zone.errors.contains("Europe/Atlantis"), "\(zone.errors)")
    }

    @Test func wrongUsageIs64() async throws {
        #expect(try await CommandLine.run("next").exit == 64)
        #expect(try await CommandLine.run("next", "daily 02:30", "--count", "0").exit == 64)
        #expect(try await CommandLine.run("next", "daily 02:30", "--after", "tomorrow").exit == 64)
    }
}
