import Host
import Schedules
import Testing

@Suite struct WindowTests {
    @Test func itIsOpenFromItsOpeningUntilJustBeforeItsEnd() throws {
        let window = try Window(opens: try Schedule("Sunday 02:00"), lasts: .seconds(3600))
        let opens = try instant("2026-11-22T02:00:00Z")
        let closes = try instant("2026-11-22T03:00:00Z")
        let opening = try #require(window.open(at: opens, in: .utc))
        #expect(opening.opens == opens)
        #expect(opening.closes == closes)
        #expect(window.open(at: closes - .microseconds(1), in: .utc) == opening)
        #expect(window.open(at: closes, in: .utc) == nil)
        #expect(window.open(at: opens - .microseconds(1), in: .utc) == nil)
        #expect(window.next(after: opens - .microseconds(1), in: .utc) == opening)
        #expect(window.next(after: opens, in: .utc)?.opens == (try instant("2026-11-29T02:00:00Z")))
    }

    @Test func itGoesOnAfterMidnight() throws {
        let berlin = try ZoneFixtures.zone("Europe/Berlin")
        let window = try Window(opens: try Schedule("last Friday of the month 22:00"), lasts: .seconds(8 * 3600))
        // Friday 30 January, 22:00 to Saturday 06:00 in Berlin.
        let opening = try #require(window.open(at: try instant("2026-01-31T04:59:59Z"), in: berlin))
        #expect(opening.opens == (try instant("2026-01-30T21:00:00Z")))
        #expect(opening.closes == (try instant("2026-01-31T05:00:00Z")))
        #expect(window.open(at: opening.closes, in: berlin) == nil)
    }

    /// Three hours from 01:00 are three hours: clocks show 05:00 at the end when they are put forward, 03:00 when back.
    @Test func itsLengthIsElapsedTime() throws {
        let berlin = try ZoneFixtures.zone("Europe/Berlin")
        let window = try Window(opens: try Schedule("Sunday 01:00"), lasts: .seconds(3 * 3600))
        for (opens, end) in [
            ("2026-03-29T00:00:00Z", "2026-03-29 05:00"), ("2026-10-24T23:00:00Z", "2026-10-25 03:00"),
        ] {
            let opening = try #require(window.open(at: try instant(opens), in: berlin))
            #expect(opening.closes - opening.opens == .seconds(3 * 3600))
            #expect(berlin.local(at: opening.closes) == (try local(end)))
        }
        // An opening time that clocks skip: it opens when they were put forward, and keeps its length.
        let skipped = try Window(opens: try Schedule("Sunday 02:30"), lasts: .seconds(3600))
        #expect(
            skipped.next(after: try instant("2026-03-28T00:00:00Z"), in: berlin)?.opens
                == (try instant("2026-03-29T01:00:00Z")))
        // One that they show twice: it opens once.
        let twice = try instant("2026-10-25T01:30:00Z")
        #expect(skipped.open(at: twice - .seconds(1), in: berlin)?.opens == (try instant("2026-10-25T00:30:00Z")))
        #expect(skipped.open(at: twice, in: berlin) == nil)
    }

    @Test func aWindowThatOverlapsItselfIsRefused() throws {
        for (text, seconds) in [
            ("daily 02:00", Int64(86_401)), ("every 2 hours", 7201), ("Monday and Tuesday 03:00", 90_000),
        ] {
            let schedule = try Schedule(text)
            #expect(throws: ScheduleError.self) { try Window(opens: schedule, lasts: .seconds(seconds)) }
        }
        let sunday = try Schedule("Sunday 02:00")
        #expect(throws: ScheduleError.self) { try Window(opens: sunday, lasts: .zero) }
        #expect(throws: ScheduleError.self) { try Window(opens: sunday, lasts: .seconds(-1)) }
        let always = try Window(opens: try Schedule("daily 02:00"), lasts: .seconds(86_400))
        #expect(always.open(at: try instant("2026-11-22T01:59:59Z"), in: .utc) != nil)
    }
}
