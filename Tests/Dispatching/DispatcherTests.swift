import Dispatching
import Host
import Schedules
import Testing

/// What the dispatcher says in the cases that plans are written for.
@Suite struct DispatcherTests {
    static let start = Instant(secondsSinceEpoch: 1_780_272_000)
    static let key = ProcedureKey(service: "alpha", environment: "production", procedure: "daily")

    static func reading(_ seconds: Int64) -> ClockReading {
        ClockReading(wall: start + .seconds(seconds), steady: .seconds(seconds))
    }

    static func plan(_ text: String = "every 5 minutes") throws -> ProcedurePlan {
        ProcedurePlan(key, .schedule(try Schedule(text), .utc))
    }

    static func occurrence(_ seconds: Int64) -> Occurrence { Occurrence(key, start + .seconds(seconds)) }

    static func missed(_ commands: [DispatchCommand]) -> [MissedRow] {
        commands.compactMap { if case .record(.missed(let row)) = $0 { row } else { nil } }
    }

    static func begun(_ commands: [DispatchCommand]) -> [Occurrence] {
        commands.compactMap { if case .begin(let occurrence, _) = $0 { occurrence } else { nil } }
    }

    @Test func theIntentComesBeforeTheBegin() throws {
        var dispatcher = Dispatcher(DispatchRecord())
        #expect(
            dispatcher.handle(.plans(changed: [try Self.plan()], removed: []), at: Self.reading(0)).last
                == .wake(at: Self.start + .seconds(300)))
        let due = Self.start + .seconds(300)
        #expect(
            dispatcher.handle(.tick, at: Self.reading(300)) == [
                .record(
                    .admitted(Self.occurrence(300), notBefore: due, deadline: due + .seconds(60), trigger: nil)),
                .record(.begun(Self.occurrence(300), Claims(locks: [], isDisruptive: false))),
                .begin(Self.occurrence(300), observeOnly: false),
                .wake(at: Self.start + .seconds(600)),
            ])
        #expect(dispatcher.standing(of: Self.key) == .next(Self.start + .seconds(600)))
    }

    @Test func aLongGapIsOneRunOneNoticeAndARowEach() throws {
        var dispatcher = Dispatcher(DispatchRecord())
        _ = dispatcher.handle(.plans(changed: [try Self.plan()], removed: []), at: Self.reading(0))
        let commands = dispatcher.handle(.tick, at: Self.reading(300 * 150 + 200))
        #expect(Self.begun(commands) == [Self.occurrence(300 * 150)])
        let rows = Self.missed(commands)
        #expect(rows.count == 100 && rows.reduce(0) { $0 + $1.count } == 149)
        #expect(rows.allSatisfy { $0.cause == .superseded })
        #expect(commands.count { if case .notice(.missed) = $0 { true } else { false } } == 1)
        #expect(dispatcher.metrics.missed.map(\.count) == [149])
    }

    @Test func yearsOfSecondsAreNotWalkedThrough() throws {
        var dispatcher = Dispatcher(DispatchRecord())
        let plan = try Self.plan("* * * * * *")
        _ = dispatcher.handle(.plans(changed: [plan], removed: []), at: Self.reading(0))
        let rows = Self.missed(dispatcher.handle(.tick, at: Self.reading(5 * 365 * 86_400)))
        #expect(rows.contains { $0.isAtLeast } && rows.count < 200)
    }

    @Test func jitterIsTheSameWhereverItIsAskedFor() throws {
        var plan = try Self.plan()
        plan.jitter = .seconds(100)
        func begins(_ seed: UInt64) -> [DispatchCommand] {
            var dispatcher = Dispatcher(DispatchRecord(), policy: DispatchPolicy(seed: seed))
            _ = dispatcher.handle(.plans(changed: [plan], removed: []), at: Self.reading(0))
            return dispatcher.handle(.tick, at: Self.reading(300))
        }
        #expect(begins(1) == begins(1))
        #expect(begins(1) != begins(2))
    }

    @Test func aFreezeInsideAWindowLeavesTheRestOfIt() throws {
        var plan = try Self.plan("daily 00:30")
        plan.windows = [try Window(opens: Schedule("daily 00:00"), lasts: .seconds(4 * 3600))]
        plan.freezes = [
            try Freeze("audit", reason: "audit", begins: Schedule("daily 00:20"), lasts: .seconds(3600))
        ]
        plan.lateness = .seconds(3 * 3600)
        var dispatcher = Dispatcher(DispatchRecord())
        _ = dispatcher.handle(.plans(changed: [plan], removed: []), at: Self.reading(0))
        let commands = dispatcher.handle(.tick, at: Self.reading(1800))
        #expect(Self.begun(commands).isEmpty && commands.last == .wake(at: Self.start + .seconds(4800)))
        #expect(Self.begun(dispatcher.handle(.tick, at: Self.reading(4800))) == [Self.occurrence(1800)])
    }
}
