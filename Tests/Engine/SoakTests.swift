import Engine
import Host
import Maintenance
import Plans
import Testing

/// A check that goes on for a time.
@Suite struct SoakTests {
    private let hour = SoakPolicy(lastsMicroseconds: 3_600_000_000, everyMicroseconds: 60_000_000)

    private func soak(_ pump: inout Pump) -> StepState? {
        pump.drive([Bench.check("a", "v", warn: "value > 3", fail: "value > 5").with(soak: hour)]).step("a")
    }

    @Test func itLooksOnEachBeatToTheEnd() {
        var pump = Pump()
        let step = soak(&pump)
        #expect(step?.verdict == .pass)
        #expect(pump.order.count == 61)
        #expect(pump.order.prefix(3) == ["a 0", "a 60", "a 120"] && pump.order.last == "a 3600")
        #expect(step?.summary.hasPrefix("61 looks") == true)
    }

    @Test func aFailureEndsItAtOnce() {
        var pump = Pump()
        pump.look = { _, attempt, _ in attempt == 10 ? 9 : 1 }
        #expect(soak(&pump)?.verdict == .fail)
        #expect(pump.order.count == 10)
    }

    @Test func theWorstLookCountsAndNotTheLast() {
        var pump = Pump()
        pump.look = { _, attempt, _ in attempt == 10 ? 4 : 1 }
        #expect(soak(&pump)?.verdict == .warn)
        var blind = Pump()
        blind.look = { _, attempt, _ in attempt == 10 ? nil : 1 }
        #expect(soak(&blind)?.verdict == .unknown)
    }

    /// A process that was away did not look: the time is not known to have been well.
    @Test func aGapIsUnknown() {
        var pump = Pump()
        pump.dies = (.seconds(1000), .seconds(600))
        let step = soak(&pump)
        #expect(step?.verdict == .unknown)
        #expect(step?.findings.contains { $0.subject == "a gap" } == true)
        var short = Pump()
        short.dies = (.seconds(1000), .seconds(5))
        #expect(soak(&short)?.verdict == .pass)
    }

    @Test func whatWasCutShortIsNoPass() {
        var pump = Pump()
        pump.stops = .seconds(600)
        #expect(soak(&pump)?.verdict == .unknown)
    }
}
