import Host
import Schedules
import Testing

/// What a freeze leaves of a window.
@Suite struct FreezeTests {
    private func window(_ opens: String, hours: Int, cutoff: Duration = .zero) throws -> Window {
        try Window(opens: try Schedule(opens), lasts: .seconds(hours * 3600), cutoff: cutoff)
    }

    @Test func aFrozenOpeningIsPassedOver() throws {
        let weekly = try window("Sunday 02:00", hours: 1)
        let freeze = try Freeze("year-end", reason: "sale", from: "2026-12-20", until: "2027-01-03")
        #expect(weekly.open(at: try instant("2026-12-20T02:30:00Z"), in: .utc, except: [freeze]) == nil)
        #expect(weekly.open(at: try instant("2027-01-03T02:30:00Z"), in: .utc, except: [freeze]) == nil)
        let next = try #require(weekly.next(after: try instant("2026-12-13T02:00:00Z"), in: .utc, except: [freeze]))
        #expect(next.opens == (try instant("2027-01-10T02:00:00Z")))
    }

    @Test func aFreezeCutsAWindowAtBothEnds() throws {
        let night = try window("daily 22:00", hours: 8)
        let freeze = try Freeze("audit", reason: "audit", from: "2026-05-01 23:00", until: "2026-05-02 01:00")
        let before = try #require(night.open(at: try instant("2026-05-01T22:10:00Z"), in: .utc, except: [freeze]))
        #expect(before.closes == (try instant("2026-05-01T23:00:00Z")))
        #expect(night.open(at: try instant("2026-05-01T23:00:00Z"), in: .utc, except: [freeze]) == nil)
        let after = try #require(night.open(at: try instant("2026-05-02T01:00:00Z"), in: .utc, except: [freeze]))
        #expect(after.opens == (try instant("2026-05-02T01:00:00Z")))
        #expect(after.closes == (try instant("2026-05-02T06:00:00Z")))
    }

    /// Found by the dispatcher's simulation: the rest of an opening after a freeze within it is the next opening.
    @Test func theRestAfterAFreezeWithinAnOpeningIsNotPassedOver() throws {
        let night = try window("daily 22:00", hours: 8)
        let freeze = try Freeze("audit", reason: "audit", from: "2026-05-01 23:00", until: "2026-05-02 01:00")
        for at in ["2026-05-01T22:30:00Z", "2026-05-01T23:30:00Z"] {
            let next = try #require(night.next(after: try instant(at), in: .utc, except: [freeze]))
            #expect(next.opens == (try instant("2026-05-02T01:00:00Z")))
        }
        let later = try #require(night.next(after: try instant("2026-05-02T01:00:00Z"), in: .utc, except: [freeze]))
        #expect(later.opens == (try instant("2026-05-02T22:00:00Z")))
    }

    /// A freeze over an opening's beginning leaves its rest.
    @Test func whatAFreezeLeavesIsTheNextOpening() throws {
        let night = try window("daily 22:00", hours: 8)
        let freeze = try Freeze("audit", reason: "audit", from: "2026-05-01 20:00", until: "2026-05-02 01:00")
        let next = try #require(night.next(after: try instant("2026-05-01T21:00:00Z"), in: .utc, except: [freeze]))
        #expect(next.opens == (try instant("2026-05-02T01:00:00Z")))
        #expect(next.closes == (try instant("2026-05-02T06:00:00Z")))
    }

    @Test func aRecurringFreezeClosesEachMonthsEnd() throws {
        let nightly = try window("daily 02:00", hours: 1)
        let freeze = try Freeze(
            "accounts", reason: "month's end", begins: try Schedule("0 0 L * *"), lasts: .seconds(86_400))
        #expect(nightly.open(at: try instant("2026-02-28T02:30:00Z"), in: .utc, except: [freeze]) == nil)
        #expect(nightly.open(at: try instant("2026-03-01T02:30:00Z"), in: .utc, except: [freeze]) != nil)
    }

    @Test func nothingBeginsInTheCutoff() throws {
        let opening = try #require(
            try window("Sunday 02:00", hours: 1, cutoff: .seconds(900))
                .open(at: try instant("2026-11-22T02:10:00Z"), in: .utc))
        #expect(opening.lastBegin == (try instant("2026-11-22T02:45:00Z")))
        #expect(throws: ScheduleError.self) { try window("Sunday 02:00", hours: 1, cutoff: .seconds(3600)) }
    }

    /// Elapsed time, also in the night in which clocks are put back.
    @Test func aWindowHoldsAcrossMidnightMonthEndsAndClockChanges() throws {
        let berlin = try ZoneFixtures.zone("Europe/Berlin")
        let night = try window("Saturday 23:00", hours: 5)
        let opening = try #require(night.open(at: try instant("2026-10-25T01:30:00Z"), in: berlin))
        #expect(opening.opens == (try instant("2026-10-24T21:00:00Z")))
        #expect(opening.closes == (try instant("2026-10-25T02:00:00Z")))
        #expect(night.open(at: try instant("2026-10-25T02:00:00Z"), in: berlin) == nil)
        let january = try #require(night.open(at: try instant("2026-01-31T23:30:00Z"), in: berlin))
        #expect(january.closes == (try instant("2026-02-01T03:00:00Z")))
    }

    @Test func wrongFreezesSayWhatIsRight() throws {
        #expect(throws: ScheduleError("`tomorrow` is no time; write it like `2026-12-20` or `2026-12-20 18:00`")) {
            try Freeze("x", reason: "x", from: "tomorrow", until: "2026-12-21")
        }
        #expect(throws: ScheduleError("the freeze ends at 2026-12-19, before it begins at 2026-12-20")) {
            try Freeze("x", reason: "x", from: "2026-12-20", until: "2026-12-19")
        }
    }

    @Test func severalWindowsMustAllBeOpen() throws {
        let own = try window("Sunday 02:00", hours: 4, cutoff: .seconds(600))
        let database = try window("daily 03:00", hours: 1)
        let hours = WorkingHours(windows: [own, database], freezes: [], in: .utc)
        #expect(hours.open(at: try instant("2026-11-22T02:30:00Z")) == nil)
        let both = try #require(hours.open(at: try instant("2026-11-22T03:30:00Z")))
        #expect(both.opens == (try instant("2026-11-22T03:00:00Z")))
        #expect(both.closes == (try instant("2026-11-22T04:00:00Z")))
        #expect(both.lastBegin == (try instant("2026-11-22T04:00:00Z")))
        let following = hours.following(try instant("2026-11-22T03:30:00Z"), count: 2)
        #expect(following.map(\.opens) == [try instant("2026-11-29T03:00:00Z"), try instant("2026-12-06T03:00:00Z")])
        #expect(
            hours.state(at: try instant("2026-11-22T05:00:00Z")) == .closed("its window is closed", next: following[0]))
    }

    @Test func aFreezeHoldsWorkThatHasNoWindow() throws {
        let freeze = try Freeze("sale", reason: "the sale", from: "2026-11-27", until: "2026-11-27")
        let hours = WorkingHours(windows: [], freezes: [freeze], in: .utc)
        guard case .closed(let reason, let next) = hours.state(at: try instant("2026-11-27T10:00:00Z")) else {
            Issue.record("not closed")
            return
        }
        #expect(reason == "the freeze `sale` holds: the sale")
        #expect(next?.opens == (try instant("2026-11-28T00:00:00Z")))
        guard case .open(let opening) = hours.state(at: try instant("2026-11-26T10:00:00Z")) else {
            Issue.record("not open")
            return
        }
        #expect(opening.closes == (try instant("2026-11-27T00:00:00Z")))
        #expect(hours.state(at: try instant("2026-11-28T10:00:00Z")) == .unbound)
        #expect(
            WorkingHours(windows: [], freezes: [], in: .utc).state(at: try instant("2026-11-28T10:00:00Z")) == .unbound)
    }
}
