import Host
import Journal
import Maintenance
import Plans
import TestSupport
import Testing

@testable import Engine

/// The journal dies at the n-th write of a run that tells people: nobody is told twice, and nobody is believed to have
/// been told who was not.
@Suite struct NoticeCrashTests {
    @Test(arguments: FailingJournal.Failure.allCases)
    func everyWriteMayBeTheLast(_ moment: FailingJournal.Failure) async throws {
        var crashes = 0
        for write in 1... {
            let (bench, receiver, inner) = (Bench(), FakeReceiver(), MemoryJournal())
            bench.target.with { $0.values["a"] = 9 }
            // The second attempt succeeds, so that a pause is among the writes.
            let refused = DeliveryError.notSent(Cause(.refused, "Refused."), mayRetry: true)
            receiver.with { $0.errors = [(refused, false)] }
            let start = bench.start(
                [Bench.check("a", "a", fail: "value > 5")],
                Bench.told([NoticeRule(on: [.fail], to: ["chat"])]))
            do {
                _ = try await bench.tell(start, receiver, on: FailingJournal(inner, dyingAt: write, moment))
                break
            } catch is JournalError { crashes += 1 }
            // A second crash during the takeover must not matter either.
            _ = try? await bench.resumeTelling(receiver, on: FailingJournal(inner, dyingAt: 2, moment))
            let run = try await bench.resumeTelling(receiver, on: inner)
            guard try await inner.row("r1") != nil else { continue }
            #expect(receiver.ids.count <= 1, "told twice, write \(write)")
            let rows = try await inner.rows(RunFilter())
            #expect(rows.allSatisfy { $0.state == .ended && $0.verdict == .fail }, "write \(write)")
            if let run { try check(run, receiver, write) }
        }
        #expect(crashes >= 6)
    }

    private func check(_ run: Run, _ receiver: FakeReceiver, _ write: Int) throws {
        let delivery = try #require(run.deliveries.first)
        switch delivery.phase {
        case .delivered: #expect(receiver.ids == ["r1.chat"], "believed to be told, write \(write)")
        case .unknown(let cause): #expect(cause.code == .perhapsSent)
        case .failed: #expect(receiver.ids.isEmpty, "believed not to be told, write \(write)")
        default: Issue.record("\(delivery.phase) in the end, write \(write)")
        }
    }

    @Test func diedWhileSending() async throws {
        let (bench, receiver, inner) = (Bench(), FakeReceiver(), MemoryJournal())
        bench.target.with { $0.values["a"] = 9 }
        let start = bench.start(
            [Bench.check("a", "a", fail: "value > 5")], Bench.told([NoticeRule(on: [.fail], to: ["chat"])]))
        // Writes: the start, the look, the intent; the fourth would have held the receipt.
        await #expect(throws: JournalError.self) {
            try await bench.tell(start, receiver, on: FailingJournal(inner, dyingAt: 4, .before))
        }
        #expect(receiver.ids == ["r1.chat"])
        let run = try #require(try await bench.resumeTelling(receiver, on: inner))
        #expect(receiver.ids == ["r1.chat"])
        guard case .unknown(let cause)? = run.deliveries.first?.phase else {
            Issue.record("\(String(describing: run.deliveries.first?.phase))")
            return
        }
        #expect(cause.code == .perhapsSent)
        let last = try await inner.records(of: "r1").suffix(2).map(\.kind)
        #expect(last == ["delivery-tried", "ended"])
    }

    @Test func aWatchdogIsToldAgain() async throws {
        let (bench, receiver, inner) = (Bench(), FakeReceiver(), MemoryJournal())
        bench.target.with { $0.values["a"] = 1 }
        let start = bench.start(
            [Bench.check("a", "a")],
            Bench.told(heartbeat: RunHeartbeat(channel: "watchdog", tellsFailures: false)))
        await #expect(throws: JournalError.self) {
            try await bench.tell(start, receiver, on: FailingJournal(inner, dyingAt: 4, .before))
        }
        let run = try #require(try await bench.resumeTelling(receiver, on: inner))
        #expect(receiver.ids == ["r1.watchdog", "r1.watchdog"])
        #expect(run.deliveries.first?.phase == .delivered(DeliveryReceipt("taken ")))
    }
}
