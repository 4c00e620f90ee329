import Dispatching
import Host
import Schedules
import Testing

/// Who waits for whom, and what is said of it.
@Suite struct LimitTests {
    private static func plan(_ service: String, atOnce: Int = .max) throws -> ProcedurePlan {
        ProcedurePlan(
            ProcedureKey(service: service, environment: "production", procedure: "daily"),
            .schedule(try Schedule("every 5 minutes"), .utc), lateness: .seconds(200), isDisruptive: true,
            disruptiveAtOnce: atOnce)
    }

    private static func waiting(_ commands: [DispatchCommand]) -> [String] {
        commands.compactMap { command in
            guard case .notice(.waiting(let occurrence, let cause)) = command else { return nil }
            return "\(occurrence.procedure.service) \(cause.rawValue)"
        }
    }

    private static func services(_ commands: [DispatchCommand]) -> [String] {
        DispatcherTests.begun(commands).map(\.procedure.service)
    }

    /// `b` wants to be alone with its disturbance: neither begins it beside others, nor do others begin beside it.
    @Test func aPlansLimitHoldsForItselfAndWhileItRuns() throws {
        var dispatcher = Dispatcher(DispatchRecord())
        let plans = [try Self.plan("a", atOnce: 2), try Self.plan("b", atOnce: 1), try Self.plan("c", atOnce: 2)]
        _ = dispatcher.handle(.plans(changed: plans, removed: []), at: DispatcherTests.reading(0))
        let due = dispatcher.handle(.tick, at: DispatcherTests.reading(300))
        #expect(Self.services(due) == ["a"])
        // `c` could, but comes after `b`.
        #expect(Self.waiting(due) == ["b limited", "c limited"])
        #expect(dispatcher.metrics.blocked == [.limited: 2])
        let again = dispatcher.handle(.tick, at: DispatcherTests.reading(310))
        #expect(Self.services(again) == [] && Self.waiting(again) == [], "said twice")
        func end(_ service: String, _ second: Int64) throws -> [DispatchCommand] {
            let occurrence = Occurrence(try Self.plan(service).key, DispatcherTests.start + .seconds(300))
            return dispatcher.handle(.ended(occurrence), at: DispatcherTests.reading(second))
        }
        #expect(Self.services(try end("a", 320)) == ["b"])
        #expect(Self.services(try end("b", 330)) == ["c"])
        #expect(dispatcher.metrics.blocked.isEmpty)
    }

    /// Found by the simulation: what waited for the limit of one that goes on was looked at again only when that ended.
    @Test func whoGoesOnMayLeaveMoreRoomByAnEdit() throws {
        var dispatcher = Dispatcher(DispatchRecord())
        let plans = [try Self.plan("a", atOnce: 1), try Self.plan("b", atOnce: 2), try Self.plan("c", atOnce: 3)]
        _ = dispatcher.handle(.plans(changed: plans, removed: []), at: DispatcherTests.reading(0))
        #expect(Self.services(dispatcher.handle(.tick, at: DispatcherTests.reading(300))) == ["a"])
        let edited = dispatcher.handle(
            .plans(changed: [try Self.plan("a", atOnce: 2)], removed: []), at: DispatcherTests.reading(310))
        #expect(Self.services(edited) == ["b"])
        _ = dispatcher.handle(
            .plans(changed: [try Self.plan("b", atOnce: 3)], removed: []), at: DispatcherTests.reading(320))
        let removed = dispatcher.handle(
            .plans(changed: [], removed: [try Self.plan("a").key]), at: DispatcherTests.reading(330))
        #expect(Self.services(removed) == ["c"])
    }

    /// A change that needs no window is held by a freeze all the same, and is missed with that cause, told once.
    @Test func aFreezeHoldsAlsoWhatHasNoWindow() throws {
        var plan = try Self.plan("a")
        plan.catchUp = CatchUp(.all)
        plan.freezes = [try Freeze("audit", reason: "audit", begins: Schedule("daily 00:08"), lasts: .seconds(1000))]
        var dispatcher = Dispatcher(DispatchRecord())
        _ = dispatcher.handle(.plans(changed: [plan], removed: []), at: DispatcherTests.reading(0))
        let begun = dispatcher.handle(.tick, at: DispatcherTests.reading(300))
        #expect(Self.services(begun) == ["a"])
        let occurrence = Occurrence(plan.key, DispatcherTests.start + .seconds(300))
        _ = dispatcher.handle(.ended(occurrence), at: DispatcherTests.reading(301))
        var notices = 0
        for second in stride(from: Int64(600), through: 1200, by: 300) {
            let commands = dispatcher.handle(.tick, at: DispatcherTests.reading(second))
            #expect(Self.services(commands).isEmpty)
            #expect(DispatcherTests.missed(commands).map(\.cause) == [.windowClosed], "\(second)")
            notices += commands.count { if case .notice = $0 { true } else { false } }
        }
        #expect(notices == 1)
        // The freeze is over 80 seconds before the next is due too late.
        _ = dispatcher.handle(.tick, at: DispatcherTests.reading(1400))
        #expect(Self.services(dispatcher.handle(.tick, at: DispatcherTests.reading(1500))) == ["a"])
    }

    @Test func whatIsLockedOutComesAgainSoonAndIsMissedWithThatCause() throws {
        var dispatcher = Dispatcher(DispatchRecord())
        let plan = try Self.plan("a")
        _ = dispatcher.handle(.plans(changed: [plan], removed: []), at: DispatcherTests.reading(0))
        #expect(Self.services(dispatcher.handle(.tick, at: DispatcherTests.reading(300))) == ["a"])
        let occurrence = Occurrence(plan.key, DispatcherTests.start + .seconds(300))
        var said: [String] = []
        var missed: [MissedRow] = []
        var tries = 0
        for second in Int64(301)...520 {
            var commands = dispatcher.handle(.tick, at: DispatcherTests.reading(second))
            if second == 301 || Self.services(commands) == ["a"] {
                tries += 1
                commands += dispatcher.handle(.lockedOut(occurrence), at: DispatcherTests.reading(second))
            }
            said += Self.waiting(commands)
            missed += DispatcherTests.missed(commands)
        }
        #expect(said == ["a locked"])
        // Every few seconds until its deadline, and never rarer.
        #expect((35...42).contains(tries), "\(tries)")
        #expect(missed.map(\.cause) == [.locked])
    }
}
