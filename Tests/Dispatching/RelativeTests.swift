import Dispatching
import Host
import Schedules
import Testing

/// Procedures that hang on facts and on what people agree on.
@Suite struct RelativeTests {
    private static let start = Instant(secondsSinceEpoch: 1_780_272_000)
    private static let day = Duration.seconds(86_400)
    private static let key = ProcedureKey(service: "alpha", environment: "production", procedure: "renew")
    private static let reason = "no run has seen the expiry of api"

    private static func reading(_ time: Duration) -> ClockReading { ClockReading(wall: start + time, steady: time) }

    private static func plan(_ text: String, isEnabled: Bool = true) throws -> ProcedurePlan {
        guard case .relative(let occasion) = try Occasion(text) else { throw ScheduleError("`\(text)` is a schedule") }
        return ProcedurePlan(key, .relative(occasion, .utc), isEnabled: isEnabled)
    }

    /// A dispatcher whose journal is a value, so that it can begin again.
    private struct Bench {
        var record = DispatchRecord()
        var dispatcher = Dispatcher(DispatchRecord())
        var plan: ProcedurePlan

        init(_ text: String) throws {
            plan = try RelativeTests.plan(text)
            say(.plans(changed: [plan], removed: []), at: .zero)
        }

        @discardableResult mutating func say(_ event: DispatchEvent, at time: Duration) -> [DispatchCommand] {
            let commands = dispatcher.handle(event, at: RelativeTests.reading(time))
            for case .record(let entry) in commands { record.apply(entry) }
            return commands
        }

        mutating func restart(at time: Duration) {
            dispatcher = Dispatcher(record)
            say(.plans(changed: [plan], removed: []), at: time)
        }

        @discardableResult mutating func see(_ seen: Seen, at time: Duration) -> [DispatchCommand] {
            say(.seen(RelativeTests.key, seen), at: time)
        }

        /// The nominal instants of what begins.
        mutating func begun(_ event: DispatchEvent, at time: Duration) -> [Instant] {
            DispatcherTests.begun(say(event, at: time)).map(\.nominal)
        }

        var standing: Standing? { dispatcher.standing(of: RelativeTests.key) }
    }

    @Test func aFactHasOneOccurrenceWhicheverWayItIsTold() throws {
        var bench = try Bench("30 days before expiry of api")
        #expect(bench.standing == .triggered)
        bench.see(.nothing(Self.reason), at: .zero)
        #expect(bench.standing == .unseen(Self.reason))
        #expect(bench.dispatcher.metrics.standings.unseen == 1)
        let expiry = Self.start + Self.day * 40
        #expect(bench.see(.fact([expiry]), at: .zero).last == .wake(at: Self.start + Self.day * 10))
        #expect(bench.standing == .next(Self.start + Self.day * 10))
        #expect(bench.begun(.tick, at: Self.day * 10) == [Self.start + Self.day * 10])
        let run = Occurrence(Self.key, Self.start + Self.day * 10)
        bench.say(.ended(run), at: Self.day * 10 + .seconds(60))
        bench.see(.fact([expiry]), at: Self.day * 10 + .seconds(61))
        bench.restart(at: Self.day * 11)
        #expect(bench.begun(.seen(Self.key, .fact([expiry])), at: Self.day * 11) == [])
        #expect(bench.standing == .triggered)
        // Renewed: the next one is that of the new time.
        bench.see(.fact([expiry + Self.day * 60]), at: Self.day * 11)
        #expect(bench.standing == .next(Self.start + Self.day * 70))
    }

    @Test func whatIsSeenLateIsDueAtOnceAndOnce() throws {
        var bench = try Bench("30 days before expiry of api")
        let expiry = Self.start + Self.day * 5
        let begun = bench.begun(.seen(Self.key, .fact([expiry])), at: .seconds(100))
        #expect(begun.count == 1)
        // It does not come again with another distance.
        bench.plan = try Self.plan("2 days before expiry of api")
        bench.say(.plans(changed: [bench.plan], removed: []), at: .seconds(200))
        bench.say(.ended(Occurrence(Self.key, begun[0])), at: .seconds(300))
        #expect(bench.begun(.tick, at: Self.day * 4) == [])
        #expect(bench.standing == .triggered)
    }

    @Test func whatComesDueBehindARunWaitsForIt() throws {
        var bench = try Bench("30 days before expiry of api")
        let times = [Self.start + Self.day * 31, Self.start + Self.day * 31 + .seconds(60)]
        bench.see(.fact(times), at: .zero)
        let first = bench.begun(.tick, at: Self.day)
        #expect(first == [Self.start + Self.day])
        #expect(bench.begun(.tick, at: Self.day + .seconds(90)) == [])
        let second = bench.begun(.ended(Occurrence(Self.key, first[0])), at: Self.day + .seconds(100))
        #expect(second == [Self.start + Self.day + .seconds(60)])
        #expect(bench.dispatcher.metrics.missed.isEmpty)
    }

    @Test func whatWasDueWhileItWasDisabledComesAfterwards() throws {
        var bench = try Bench("30 days before expiry of api")
        bench.see(.fact([Self.start + Self.day * 31]), at: .zero)
        bench.say(
            .plans(changed: [try Self.plan("30 days before expiry of api", isEnabled: false)], removed: []), at: .zero)
        #expect(bench.begun(.tick, at: Self.day * 2) == [] && bench.standing == .disabled)
        #expect(bench.begun(.plans(changed: [bench.plan], removed: []), at: Self.day * 3) == [Self.start + Self.day])
    }

    @Test func anEventBeginsAtOnce_OnceAndByItsDeadline() throws {
        var bench = try Bench("within 24 hours of detection")
        bench.see(.fact([]), at: .zero)
        #expect(bench.standing == .triggered && bench.dispatcher.metrics.relative.isEmpty)
        let detection = Self.start + .seconds(1000)
        let commands = bench.see(.fact([detection]), at: .seconds(1600))
        #expect(DispatcherTests.begun(commands).map(\.nominal) == [detection])
        let deadlines = commands.compactMap { command -> Instant? in
            if case .record(.admitted(_, _, let deadline, _)) = command { deadline } else { nil }
        }
        #expect(deadlines == [detection + Self.day])
        bench.say(.ended(Occurrence(Self.key, detection)), at: .seconds(1700))
        bench.restart(at: .seconds(1800))
        #expect(bench.begun(.seen(Self.key, .fact([detection])), at: .seconds(1800)) == [])
        #expect(bench.dispatcher.metrics.missed.isEmpty)
    }

    @Test func anEventThatIsToldTooLateIsAMiss_AndNoneFromBeforeThePlan() throws {
        var bench = try Bench("within 24 hours of detection")
        let (late, older) = (Self.start + .seconds(1000), Self.start - Self.day * 2)
        #expect(bench.begun(.seen(Self.key, .fact([older, late])), at: Self.day * 2) == [])
        #expect(bench.dispatcher.metrics.missed.map(\.cause) == [.overdue])
        #expect(bench.dispatcher.metrics.missed.map(\.count) == [1])
        #expect(bench.standing == .triggered)
    }

    @Test func anEventWhoseRunCannotBeginInTimeIsAMiss() throws {
        var bench = try Bench("within 24 hours of detection")
        bench.say(.holds([.everything]), at: .zero)
        bench.see(.fact([Self.start + .seconds(10)]), at: .seconds(20))
        #expect(bench.begun(.tick, at: Self.day + .seconds(11)) == [])
        #expect(bench.dispatcher.metrics.missed.map(\.cause) == [.held])
    }

    /// Down, or without a window, over the deadline: it is not made up for afterwards.
    @Test func anEventWhoseDeadlinePassedWhileNobodyWasThereIsAMiss() throws {
        var bench = try Bench("within 24 hours of detection")
        bench.say(.holds([.everything]), at: .zero)
        bench.see(.fact([Self.start + .seconds(10)]), at: .seconds(20))
        bench.restart(at: Self.day * 2)
        #expect(bench.begun(.tick, at: Self.day * 2) == [])
        #expect(bench.dispatcher.metrics.missed.map(\.count) == [1])
        #expect(bench.dispatcher.metrics.waiting == 0)
    }

    @Test func anAgreementThatIsForgottenIsToldOnce() throws {
        var bench = try Bench("by agreement, at least every 30 days")
        bench.see(.done(nil), at: .zero)
        #expect(bench.standing == .agreed(overdue: Self.start + Self.day * 30))
        bench.restart(at: Self.day * 20)
        bench.see(.done(nil), at: Self.day * 20)
        let commands = bench.say(.tick, at: Self.day * 31)
        #expect(DispatcherTests.begun(commands).isEmpty)
        let rows = DispatcherTests.missed(commands)
        #expect(rows.map(\.cause) == [.overdue] && rows.map(\.first) == [Self.start + Self.day * 30])
        #expect(commands.contains(.notice(.missed(rows))))
        #expect(bench.standing == .overdue(since: Self.start + Self.day * 30))
        #expect(bench.dispatcher.metrics.standings.overdue == 1)
        bench.restart(at: Self.day * 80)
        #expect(DispatcherTests.missed(bench.see(.done(nil), at: Self.day * 80)).isEmpty, "told again")
        #expect(bench.standing == .overdue(since: Self.start + Self.day * 30))
        // Done at last: it counts from there.
        bench.see(.done(Self.start + Self.day * 81), at: Self.day * 81)
        #expect(bench.standing == .agreed(overdue: Self.start + Self.day * 111))
        #expect(DispatcherTests.missed(bench.say(.tick, at: Self.day * 112)).map(\.cause) == [.overdue])
    }

    @Test func anAgreementWithoutAPeriodIsNeverOverdue() throws {
        var bench = try Bench("by agreement")
        bench.see(.done(nil), at: .zero)
        #expect(bench.standing == .agreed(overdue: nil))
        #expect(bench.say(.tick, at: Self.day * 4000).isEmpty)
    }
}
