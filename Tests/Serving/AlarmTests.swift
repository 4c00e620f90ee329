import Host
import TestSupport
import Testing

@testable import Serving

@Suite struct AlarmTests {
    private let clock = FakeClock()
    private let rings = Noted(0)

    private func withAlarm(_ body: (Alarm) async throws -> Void) async throws {
        let alarm = Alarm(on: clock.host, longest: .seconds(30))
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { [rings] in await alarm.run { rings.with { $0 += 1 } } }
            try await body(alarm)
            group.cancelAll()
        }
    }

    /// Waits until the alarm sleeps for that long.
    private func sleeps(_ time: Duration) async -> Bool {
        await eventually { clock.asked.last == time && clock.sleeping == 1 }
    }

    @Test func itRingsOnTimeAndOnce() async throws {
        try await withAlarm { alarm in
            alarm.set(clock.now + .seconds(7))
            #expect(await sleeps(.seconds(7)))
            clock.advance(.seconds(6))
            #expect(rings.value == 0)
            clock.advance(.seconds(1))
            #expect(await eventually { rings.value >= 1 })
            // Nobody sets it anew: it waits for its longest.
            #expect(await sleeps(.seconds(30)))
        }
    }

    @Test func earlierLaterAndNever() async throws {
        try await withAlarm { alarm in
            alarm.set(clock.now + .seconds(20))
            #expect(await sleeps(.seconds(20)))
            alarm.set(clock.now + .seconds(5))
            #expect(await sleeps(.seconds(5)))
            alarm.set(clock.now + .seconds(10))
            #expect(await sleeps(.seconds(10)))
            clock.advance(.seconds(9))
            #expect(rings.value == 0)
            alarm.set(nil)
            #expect(await sleeps(.seconds(30)))
            #expect(rings.value == 0)
        }
    }

    @Test func longSleepsAreCut() async throws {
        try await withAlarm { alarm in
            alarm.set(clock.now + .seconds(86_400))
            #expect(await sleeps(.seconds(30)))
            // The wall clock is put forward by a day: that is noticed within the longest sleep.
            clock.advance(.seconds(30), wall: .seconds(86_500))
            #expect(await eventually { rings.value >= 1 })
        }
    }

    @Test func aClockThatWasPutBackDoesNotSilenceIt() async throws {
        try await withAlarm { alarm in
            alarm.set(clock.now)
            #expect(await eventually { rings.value == 1 })
            // Whoever was rung found that it is not time yet, and set nothing.
            #expect(await sleeps(.seconds(30)))
            clock.advance(.seconds(30))
            #expect(await eventually { rings.value == 2 })
        }
    }
}
