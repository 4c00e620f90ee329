import Host
import Schedules
import Testing

/// The examples of RFC 5545, 3.8.5.3, in New York, with the days that it lists.
@Suite struct RecurrenceExampleTests {
    /// Days are written `1997 9:2,4 10:1`: a year, then months with their days. The last says whether no more come.
    static let days: [(text: String, days: String, isAll: Bool)] = [
        ("19970902T090000 RRULE:FREQ=DAILY;COUNT=10", "1997 9:2,3,4,5,6,7,8,9,10,11", true),
        (
            "19970902T090000 RRULE:FREQ=DAILY;INTERVAL=2", "1997 9:2,4,6,8,10,12,14,16,18,20,22,24,26,28,30 10:2,4",
            false
        ),
        ("19970902T090000 RRULE:FREQ=DAILY;INTERVAL=10;COUNT=5", "1997 9:2,12,22 10:2,12", true),
        ("19970902T090000 RRULE:FREQ=WEEKLY;COUNT=10", "1997 9:2,9,16,23,30 10:7,14,21,28 11:4", true),
        (
            "19970902T090000 RRULE:FREQ=WEEKLY;UNTIL=19971224T000000Z",
            "1997 9:2,9,16,23,30 10:7,14,21,28 11:4,11,18,25 12:2,9,16,23", true
        ),
        (
            "19970902T090000 RRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU",
            "1997 9:2,16,30 10:14,28 11:11,25 12:9,23 1998 1:6,20 2:3,17", false
        ),
        (
            "19970902T090000 RRULE:FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
            "1997 9:2,4,9,11,16,18,23,25,30 10:2", true
        ),
        ("19970902T090000 RRULE:FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", "1997 9:2,4,9,11,16,18,23,25,30 10:2", true),
        (
            "19970901T090000 RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
            "1997 9:1,3,5,15,17,19,29 10:1,3,13,15,17,27,29,31 11:10,12,14,24,26,28 12:8,10,12,22", true
        ),
        (
            "19970902T090000 RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
            "1997 9:2,4,16,18,30 10:2,14,16",
            true
        ),
        (
            "19970905T090000 RRULE:FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
            "1997 9:5 10:3 11:7 12:5 1998 1:2 2:6 3:6 4:3 5:1 6:5", true
        ),
        ("19970905T090000 RRULE:FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", "1997 9:5 10:3 11:7 12:5", true),
        (
            "19970907T090000 RRULE:FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
            "1997 9:7,28 11:2,30 1998 1:4,25 3:1,29 5:3,31", true
        ),
        ("19970922T090000 RRULE:FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "1997 9:22 10:20 11:17 12:22 1998 1:19 2:16", true),
        ("19970928T090000 RRULE:FREQ=MONTHLY;BYMONTHDAY=-3", "1997 9:28 10:29 11:28 12:29 1998 1:29 2:26", false),
        (
            "19970902T090000 RRULE:FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
            "1997 9:2,15 10:2,15 11:2,15 12:2,15 1998 1:2,15",
            true
        ),
        (
            "19970930T090000 RRULE:FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
            "1997 9:30 10:1,31 11:1,30 12:1,31 1998 1:1,31 2:1", true
        ),
        (
            "19970910T090000 RRULE:FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
            "1997 9:10,11,12,13,14,15 1999 3:10,11,12,13", true
        ),
        (
            "19970902T090000 RRULE:FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
            "1997 9:2,9,16,23,30 11:4,11,18,25 1998 1:6,13,20,27 3:3,10,17,24,31", false
        ),
        (
            "19970610T090000 RRULE:FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
            "1997 6:10 7:10 1998 6:10 7:10 1999 6:10 7:10 2000 6:10 7:10 2001 6:10 7:10", true
        ),
        (
            "19970310T090000 RRULE:FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
            "1997 3:10 1999 1:10 2:10 3:10 2001 1:10 2:10 3:10 2003 1:10 2:10 3:10", true
        ),
        (
            "19970101T090000 RRULE:FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
            "1997 1:1 4:10 7:19 2000 1:1 4:9 7:18 2003 1:1 4:10 7:19 2006 1:1", true
        ),
        ("19970519T090000 RRULE:FREQ=YEARLY;BYDAY=20MO", "1997 5:19 1998 5:18 1999 5:17", false),
        ("19970512T090000 RRULE:FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997 5:12 1998 5:11 1999 5:17", false),
        (
            "19970313T090000 RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
            "1997 3:13,20,27 1998 3:5,12,19,26 1999 3:4,11,18,25",
            false
        ),
        (
            "19970605T090000 RRULE:FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
            "1997 6:5,12,19,26 7:3,10,17,24,31 8:7,14,21,28 1998 6:4,11,18,25 7:2,9,16,23,30 8:6,13,20,27", false
        ),
        // Its DTSTART is none of the rule's days, and is taken out.
        (
            "19970902T090000 EXDATE;TZID=America/New_York:19970902T090000 RRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
            "1998 2:13 3:13 11:13 1999 8:13 2000 10:13", false
        ),
        (
            "19970913T090000 RRULE:FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
            "1997 9:13 10:11 11:8 12:13 1998 1:10 2:7 3:7 4:11 5:9 6:13", false
        ),
        (
            "19961105T090000 RRULE:FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
            "1996 11:5 2000 11:7 2004 11:2", false
        ),
        ("19970904T090000 RRULE:FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997 9:4 10:7 11:6", true),
        (
            "19970929T090000 RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
            "1997 9:29 10:30 11:27 12:30 1998 1:29 2:26 3:30", false
        ),
        ("19970805T090000 RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997 8:5,10,19,24", true),
        ("19970805T090000 RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997 8:5,17,19,31", true),
        ("20070115T090000 RRULE:FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007 1:15,30 2:15 3:15,30", true),
    ]

    @Test(arguments: days)
    func theDaysOfAnExample(text: String, days: String, isAll: Bool) throws {
        var expected: [String] = []
        var year = ""
        for word in days.split(separator: " ") {
            let parts = word.split(separator: ":")
            if parts.count == 1 { year = String(word) }
            for day in parts.dropFirst().flatMap({ $0.split(separator: ",") }) {
                expected.append("\(year)-\(Recurring.padded(parts[0]))-\(Recurring.padded(day)) 09:00")
            }
        }
        let found = try Recurring.times(
            "DTSTART;TZID=America/New_York:\(text)", in: "America/New_York", expected.count + 1)
        #expect(Array(found.prefix(expected.count)) == expected, "\(text)")
        #expect((found.count == expected.count) == isAll, "\(text)")
    }

    /// Every day until Christmas Eve, and every day in January for three years.
    @Test func manyDays() throws {
        let daily = try Recurring.times(
            "DTSTART;TZID=America/New_York:19970902T090000 RRULE:FREQ=DAILY;UNTIL=19971224T000000Z",
            in: "America/New_York", 1000)
        #expect(daily.count == 113)
        #expect(daily.last == "1997-12-23 09:00")
        for rule in ["FREQ=YEARLY;BYDAY=SU,MO,TU,WE,TH,FR,SA", "FREQ=DAILY"] {
            let january = try Recurring.times(
                "DTSTART;TZID=America/New_York:19980101T090000 RRULE:\(rule);UNTIL=20000131T140000Z;BYMONTH=1",
                in: "America/New_York", 1000)
            #expect(january.count == 93)
            #expect(january.allSatisfy { $0.dropFirst(5).hasPrefix("01") })
            #expect(january.last == "2000-01-31 09:00")
        }
    }

    /// Within a day. The first has the end that RFC 5545 means: 17:00 in New York is 21:00 in UTC (erratum 3883).
    static let times: [(rule: String, times: [String])] = [
        ("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z", ["09:00", "12:00", "15:00"]),
        ("FREQ=MINUTELY;INTERVAL=15;COUNT=6", ["09:00", "09:15", "09:30", "09:45", "10:00", "10:15"]),
        ("FREQ=MINUTELY;INTERVAL=90;COUNT=4", ["09:00", "10:30", "12:00", "13:30"]),
        ("FREQ=SECONDLY;INTERVAL=45;COUNT=3", ["09:00", "09:00:45", "09:01:30"]),
    ]

    @Test(arguments: times)
    func theTimesOfAnExample(rule: String, times: [String]) throws {
        let found = try Recurring.times(
            "DTSTART;TZID=America/New_York:19970902T090000 RRULE:\(rule)", in: "America/New_York", 10)
        #expect(found == times.map { "1997-09-02 \($0)" })
    }

    @Test func everyTwentyMinutesOfAWorkdayIsTheSameTwice() throws {
        let start = "DTSTART;TZID=America/New_York:19970902T090000 RRULE:"
        let hours = "BYHOUR=9,10,11,12,13,14,15,16"
        let daily = try Recurring.times("\(start)FREQ=DAILY;\(hours);BYMINUTE=0,20,40", in: "America/New_York", 60)
        let minutely = try Recurring.times("\(start)FREQ=MINUTELY;INTERVAL=20;\(hours)", in: "America/New_York", 60)
        #expect(daily == minutely)
        #expect(daily[23] == "1997-09-02 16:40")
        #expect(daily[24] == "1997-09-03 09:00")
    }
}

/// What a recurrence gives, and whether it is the same backwards.
enum Recurring {
    static func times(
        _ text: String, in name: String = "UTC", _ limit: Int, policy: ClockChangeChoice? = nil, after: String? = nil
    ) throws -> [String] {
        let zone = try name == "UTC" ? Zone.utc : ZoneFixtures.zone(name)
        let schedule = try Schedule(text, policy: policy)
        let start = try after.map(instant) ?? Instant(secondsSinceEpoch: -1)
        var found: [Instant] = []
        var at = start
        while found.count < limit, let next = schedule.next(after: at, in: zone) {
            #expect(next > at)
            found.append(next)
            at = next
        }
        // All the way back, each a second before the one after.
        var back: [Instant] = []
        var previous = found.last.flatMap { schedule.previous(atOrBefore: $0, in: zone) }
        while let earlier = previous, earlier > start {
            back.append(earlier)
            previous = schedule.previous(atOrBefore: earlier - .microseconds(1), in: zone)
        }
        #expect(back.reversed() == found, "\(text)")
        if found.count < limit, let last = found.last {
            #expect(schedule.previous(atOrBefore: try instant("2300-01-01T00:00:00Z"), in: zone) == last, "\(text)")
        }
        return found.map { "\(zone.local(at: $0))" }
    }

    static func padded(_ figures: Substring) -> String { figures.count < 2 ? "0\(figures)" : String(figures) }
}
