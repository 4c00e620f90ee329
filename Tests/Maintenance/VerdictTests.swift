import Maintenance
import Testing

@Suite struct VerdictTests {
    /// fail > unknown > warn > pass, for every pair in both orders.
    @Test func theWorstOfTwo() {
        let order: [Verdict] = [.pass, .warn, .unknown, .fail]
        #expect(Set(order) == Set(Verdict.allCases))
        for (i, one) in order.enumerated() {
            for (j, other) in order.enumerated() {
                #expect(one.worst(other) == order[max(i, j)])
                #expect([one, other].worst == order[max(i, j)])
            }
        }
    }

    @Test func ofNothingNothingWasSeen() {
        #expect([Verdict]().worst == .unknown)
        #expect([Verdict.pass].worst == .pass)
        #expect([Verdict.pass, .warn, .pass, .unknown, .warn].worst == .unknown)
        #expect([Verdict.unknown, .fail, .unknown].worst == .fail)
    }

    @Test func exitCodesAreThoseOfTheDesign() {
        #expect(Verdict.allCases.map(\.exitCode) == [0, 1, 2, 3])
        #expect(Verdict.allCases.map(\.rawValue) == ["pass", "warn", "fail", "unknown"])
    }

    @Test func impactsAreOrdered() {
        let impacts: [Impact] = [.destructive, .observe, .disruptive, .online]
        #expect(impacts.sorted() == [.observe, .online, .disruptive, .destructive])
    }

    @Test func everyErrorHasACause() {
        #expect(Cause(CouldNotLook(.refused, "Refused.")) == Cause(.refused, "Refused."))
        #expect(Cause(ChangeFailed(.rejected, "Rejected.")) == Cause(.rejected, "Rejected."))
        #expect(Cause(CancellationError()).code == .cancelled)
        #expect(Cause(ValueError("odd")).code == .unexpected)
    }
}
