import Dispatching
import Host
import Journal
import Maintenance
import Schedules
import TestSupport
import Testing

@testable import Serving

@Suite(.timeLimit(.minutes(5))) struct SchedulerTests {
    private typealias Bench = SchedulerBench

    /// A scheduler that was down for ten minutes and owes a notice of that.
    private static func down() async throws -> Bench {
        var bench = Bench()
        bench.plans = [try plan("p", "every 10 minutes", catchUp: CatchUp(.none))]
        bench.isTold.with { $0 = true }
        try await bench.serve { [bench] _ in #expect(await eventually { bench.isReady.value }) }
        bench.clock.advance(.seconds(660))
        return bench
    }

    @Test func whatIsDueIsDurableBeforeItsInstantAndBegunAtIt() async throws {
        var bench = Bench()
        bench.plans = [try Self.plan("p", "every 10 minutes")]
        try await bench.serve { [bench] scheduler in
            #expect(await eventually { bench.isReady.value && bench.clock.sleeping > 0 })
            func records() async throws -> Int { try await bench.store.records(of: "dispatcher").count }
            let before = try await records()
            bench.clock.advance(.milliseconds(599_800))
            #expect(await eventually { try await records() == before + 1 })
            #expect(await eventually { bench.clock.asked.contains(.milliseconds(200)) })
            // What else is to be decided does not wait for that instant.
            scheduler.post(.pause(bench.plans[0].key))
            #expect(await eventually { try await records() == before + 2 })
            #expect(bench.begun.value == [])
            bench.clock.advance(.milliseconds(200))
            #expect(await eventually { bench.begun.value.map(\.nominal) == [bench.clock.now] })
        }
    }

    /// The journal knows of it, and so does the next start.
    @Test func whatWasDecidedEarlyIsNotBegunAfterAStop() async throws {
        var bench = Bench()
        bench.plans = [try Self.plan("p", "every 10 minutes")]
        try await bench.serve { [bench] scheduler in
            #expect(await eventually { bench.isReady.value && bench.clock.sleeping > 0 })
            bench.clock.advance(.milliseconds(599_800))
            #expect(await eventually { bench.clock.asked.contains(.milliseconds(200)) })
            scheduler.stop()
            #expect(await eventually { bench.clock.asked.contains(ServingLimits.askAgain) })
            bench.clock.advance(.seconds(2))
        }
        #expect(bench.begun.value == [])
        try await bench.serve { [bench] _ in #expect(await eventually { bench.begun.value.count == 1 }) }
    }

    @Test func whatIsOwedIsToldOnceAlsoAfterAStart() async throws {
        let bench = try await Self.down()
        let told = Noted<[OwedNotice]>([])
        // The process ends before anything was sent.
        bench.telling.with { $0 = { notice, _ in told.with { $0.append(notice) } } }
        try await bench.serve { _ in #expect(await eventually { told.value.count == 1 }) }
        #expect(told.value[0].channels == ["chat": .owed] && told.value[0].causes == [.down])
        bench.telling.with {
            $0 = { notice, note in
                told.with { $0.append(notice) }
                #expect(await note(notice.note("chat", .sending)))
                #expect(await note(notice.note("chat", .over)))
            }
        }
        try await bench.serve { [bench] _ in
            #expect(await eventually { told.value.count == 2 && bench.clock.sleeping > 0 })
            #expect(await eventually { try await bench.noted() == 2 })
        }
        #expect(told.value[1] == told.value[0])
        bench.isReady.with { $0 = false }
        try await bench.serve { [bench] _ in #expect(await eventually { bench.isReady.value }) }
        #expect(told.value.count == 2, "told again")
    }

    @Test func whatWasBeingSentWhenItDiedIsHandedOverAsSuch() async throws {
        let bench = try await Self.down()
        let told = Noted<[OwedNotice]>([])
        bench.telling.with {
            $0 = { notice, note in
                told.with { $0.append(notice) }
                _ = await note(notice.note("chat", .sending))
            }
        }
        try await bench.serve { [bench] _ in #expect(await eventually { try await bench.noted() == 1 }) }
        try await bench.serve { _ in #expect(await eventually { told.value.count == 2 }) }
        #expect(told.value.map(\.channels) == [["chat": .owed], ["chat": .sending]])
    }

    /// Nothing is sent before the step is durable, and what was sent is recorded once the journal can be written again.
    @Test(arguments: [FailingJournal.Failure.before, .after])
    func aStepThatCannotBeRecordedIsRecordedLater(_ failure: FailingJournal.Failure) async throws {
        let bench = try await Self.down()
        let steps = Noted<[Bool]>([])
        let first = bench.store.appends
        bench.store.fail { (first + 2...first + 4).contains($0) ? failure : nil }
        bench.telling.with {
            $0 = { notice, note in
                for step in [OwedNotice.Note.Step.sending, .over] {
                    let isDurable = await note(notice.note("chat", step))
                    steps.with { $0.append(isDurable) }
                }
            }
        }
        try await bench.serve { [bench] _ in
            #expect(
                await eventually {
                    bench.clock.advance(.milliseconds(500))
                    return steps.value.count == 2
                })
        }
        #expect(steps.value == [true, true])
        var ledger = DispatchLedger(store: bench.store, host: bench.clock.host)
        try await ledger.open(TimingReader(host: bench.clock.host) { _ in [:] })
        #expect(ledger.owed.isEmpty)
    }

    private static func plan(
        _ procedure: String = "p", _ schedule: String = "* * * * * *", lateness: Duration = .seconds(5),
        catchUp: CatchUp = CatchUp(.all), overlap: Overlap = .skip, locks: [String] = []
    ) throws -> ProcedurePlan {
        ProcedurePlan(
            ProcedureKey(service: "s", environment: "default", procedure: procedure),
            .schedule(try Schedule(schedule), .utc), catchUp: catchUp, overlap: overlap, lateness: lateness,
            locks: locks)
    }

    @Test func aDueOccurrenceIsBegunOnce() async throws {
        var bench = Bench()
        bench.plans = [try Self.plan("p", "every 10 minutes")]
        let start = bench.clock.now
        try await bench.serve { [bench] scheduler in
            #expect(await eventually { bench.isReady.value })
            #expect(await eventually { bench.clock.asked.last == .seconds(30) })
            bench.clock.advance(.seconds(600))
            #expect(await eventually { try await bench.nominals() == [start + .seconds(600)] })
            for _ in 0..<3 { scheduler.post(.tick) }
            bench.clock.advance(.seconds(30))
        }
        #expect(bench.begun.value.map(\.nominal) == [start + .seconds(600)])
    }

    /// After any failure of the journal each instant has one run or one row, or is still to come.
    @Test(arguments: [FailingJournal.Failure.before, .after])
    func whateverAppendFailsEachOccurrenceHasOneOutcome(_ failure: FailingJournal.Failure) async throws {
        for number in 1...14 {
            var bench = Bench()
            bench.plans = [try Self.plan(overlap: .queue(100))]
            bench.store.fail { (number..<(number + 2)).contains($0) ? failure : nil }
            let start = bench.clock.now
            try await bench.serve { [bench] _ in
                #expect(
                    await eventually {
                        bench.clock.advance(.milliseconds(500))
                        return bench.store.appends >= number + 12
                    }, "it stands still after append \(number)")
            }
            try await check(bench, from: start, "append \(number) fails \(failure)")
        }
    }

    private func check(_ bench: Bench, from start: Instant, _ what: String) async throws {
        var ledger = DispatchLedger(store: bench.store, host: bench.clock.host)
        try await ledger.open(TimingReader(host: bench.clock.host) { _ in [:] })
        let key = ProcedureKey(service: "s", environment: "default", procedure: "p")
        let known = try #require(ledger.record.procedures[key], "\(what)")
        let schedule = try Schedule("* * * * * *")
        let runs = try await bench.nominals()
        let missed = try await bench.store.missed(MissedFilter(limit: 10_000)).map(\.occurrence.nominal)
        let open = Set(known.open.map(\.nominal)).subtracting(runs)
        #expect(Set(runs).isDisjoint(with: missed) && open.isDisjoint(with: missed), "\(what): both")
        var next = schedule.next(after: start, in: .utc)
        var lost: [Instant] = []
        while let at = next, at <= known.cursor {
            if !runs.contains(at), !missed.contains(at), !open.contains(at) { lost.append(at) }
            next = schedule.next(after: at, in: .utc)
        }
        #expect(runs.count + missed.count > 0, "\(what): nothing happened")
        // What was due before the plan's first entry was durable was due by no plan.
        let first = try #require((runs + missed + open).min())
        #expect(lost.allSatisfy { $0 < first }, "\(what): \(lost) have neither a run nor a row")
    }

    @Test func aStopWhileTheJournalFailsIsHeard() async throws {
        var bench = Bench()
        bench.plans = [try Self.plan()]
        bench.store.fail { _ in .before }
        try await bench.serve { [bench] _ in
            #expect(await eventually { bench.log.value.contains { $0.contains("Nothing is begun") } })
        }
        #expect(!bench.isReady.value, "ready although nothing could be written")
    }

    @Test func readyAndTakeoverComeAlsoAfterAFirstFailure() async throws {
        var bench = Bench()
        bench.plans = [try Self.plan("p", "daily 09:00")]
        let hand = Dispatching.Occurrence(
            ProcedureKey(service: "s", environment: "default", procedure: "by-hand"), bench.clock.now - .seconds(60))
        try await bench.store.append(Batch(rows: [Bench.row(hand, .running)]))
        bench.store.fail { $0 == 2 ? .before : nil }
        // The dispatcher's append is the second, whichever thread is faster.
        bench.work.with {
            $0 = { [isReady = bench.isReady] _ in
                while !isReady.value { try? await Task.sleep(for: .milliseconds(2)) }
            }
        }
        try await bench.serve { [bench] _ in
            #expect(
                await eventually {
                    bench.clock.advance(.seconds(1))
                    return bench.isReady.value && bench.begun.value == [hand]
                })
        }
        #expect(bench.log.value.contains("The journal can be written again."))
    }

    @Test func aRunThatADeadProcessLeftIsTakenOverAndItsProcedureGoesOn() async throws {
        var bench = Bench()
        bench.plans = [try Self.plan("p", "every 10 minutes")]
        let due = bench.clock.now + .seconds(600)
        let left = Dispatching.Occurrence(bench.plans[0].key, due)
        // The process dies after the run's row, and after its beginning was recorded.
        var ledger = DispatchLedger(store: bench.store, host: bench.clock.host)
        try await ledger.commit(
            [
                .timed(bench.plans[0].key, bench.plans[0].timing, isEnabled: true, from: bench.clock.now),
                .admitted(left, notBefore: due, deadline: due + .seconds(5), trigger: nil),
                .begun(left, Claims(locks: [], isDisruptive: false)),
            ], at: due)
        try await bench.store.append(Batch(rows: [Bench.row(left, .running)]))
        bench.clock.advance(.seconds(610))
        try await bench.serve { [bench] _ in
            #expect(await eventually { try await bench.store.rows(RunFilter()).map(\.state) == [.ended] })
            #expect(await eventually { bench.clock.asked.last == .seconds(30) })
            bench.clock.advance(.seconds(590))
            #expect(await eventually { try await bench.nominals() == [due, due + .seconds(600)] })
        }
        #expect(bench.begun.value.map(\.nominal) == [due, due + .seconds(600)])
    }

    @Test func aStopWaitsForWhatIsInHandAndAsksIt() async throws {
        var bench = Bench()
        bench.plans = [try Self.plan("p", "every 10 minutes")]
        bench.work.with { [bench] work in
            work = { occurrence in
                // Ends only when it is asked.
                while !bench.cancelled.value.contains(occurrence) { try? await Task.sleep(for: .milliseconds(2)) }
            }
        }
        try await bench.serve { [bench] _ in
            #expect(await eventually { bench.isReady.value && bench.clock.sleeping > 0 })
            bench.clock.advance(.seconds(600))
            #expect(await eventually { bench.begun.value.count == 1 })
        }
        #expect(try await bench.nominals().count == 1, "the run was left in its middle")
        #expect(Array(bench.cancelled.value) == bench.begun.value)
    }

    @Test func aStopDoesNotWaitForEver() async throws {
        var bench = Bench()
        bench.plans = [try Self.plan("p", "every 10 minutes")]
        bench.work.with { [bench] work in work = { _ in try await bench.clock.host.sleep(.seconds(1_000_000)) } }
        let scheduler = bench.scheduler()
        try await withThrowingTaskGroup { group in
            group.addTask { [bench] in try await scheduler.serve { bench.isReady.with { $0 = true } } }
            #expect(await eventually { bench.isReady.value && bench.clock.sleeping > 0 })
            bench.clock.advance(.seconds(600))
            #expect(await eventually { bench.begun.value.count == 1 })
            scheduler.stop()
            let isOver = Noted(false)
            group.addTask { [bench] in
                while !isOver.value {
                    bench.clock.advance(.seconds(1))
                    await Task.yield()
                }
            }
            try await group.next()
            isOver.with { $0 = true }
        }
        #expect(bench.log.value.contains { $0.contains("did not reach a safe point") })
    }

    @Test func whatCouldNotBeBegunIsTriedAgain() async throws {
        var bench = Bench()
        bench.plans = [try Self.plan("p", "every 10 minutes", lateness: .seconds(300))]
        let refusals = Noted(2)
        bench.work.with { work in
            work = { _ in
                let refuses = refusals.with { left in
                    left -= 1
                    return left >= 0
                }
                if refuses { throw RunNotBegun(Cause(.notFound, "It is not there.")) }
            }
        }
        try await bench.serve { [bench] _ in
            #expect(await eventually { bench.isReady.value && bench.clock.sleeping > 0 })
            bench.clock.advance(.seconds(600))
            #expect(
                await eventually {
                    bench.clock.advance(.seconds(1))
                    return try await bench.nominals().count == 1
                })
        }
        #expect(bench.begun.value.count == 3)
        #expect(Set(bench.begun.value).count == 1)
        #expect(try await bench.store.missed(MissedFilter()).isEmpty)
    }

    @Test func aRunWhoseJournalFailsInTheMiddleIsAskedAgain() async throws {
        var bench = Bench()
        bench.plans = [try Self.plan("p", "every 10 minutes")]
        let failures = Noted(3)
        bench.work.with { work in
            work = { _ in
                let fails = failures.with { left in
                    left -= 1
                    return left >= 0
                }
                if fails { throw JournalError(.full, "The disk is full.") }
            }
        }
        try await bench.serve { [bench] _ in
            #expect(await eventually { bench.isReady.value && bench.clock.sleeping > 0 })
            bench.clock.advance(.seconds(600))
            #expect(
                await eventually {
                    bench.clock.advance(.milliseconds(500))
                    return try await bench.nominals().count == 1
                })
        }
        #expect(bench.begun.value.count == 4 && Set(bench.begun.value).count == 1)
    }

    @Test func twoThatNeedTheSameRunOneAfterTheOther() async throws {
        var bench = Bench()
        bench.plans = try ["a", "b", "c"].map {
            try Self.plan($0, "every 10 minutes", lateness: .seconds(300), locks: $0 == "c" ? ["other"] : ["s/db"])
        }
        let going = Noted<[String]>([])
        let most = Noted(0)
        let mayEnd = Noted(false)
        bench.work.with { work in
            work = { occurrence in
                let name = occurrence.procedure.procedure
                guard name != "c" else { return }
                going.with { $0.append(name) }
                most.with { $0 = max($0, going.value.count) }
                while !mayEnd.value { try? await Task.sleep(for: .milliseconds(2)) }
                going.with { $0.removeAll { $0 == name } }
            }
        }
        try await bench.serve { [bench] _ in
            #expect(await eventually { bench.isReady.value && bench.clock.sleeping > 0 })
            bench.clock.advance(.seconds(600))
            #expect(await eventually { bench.begun.value.count == 2 })
            mayEnd.with { $0 = true }
            #expect(await eventually { try await bench.nominals().count == 3 })
        }
        #expect(most.value == 1)
        #expect(bench.begun.value.filter { $0.procedure.procedure != "c" }.map(\.procedure.procedure) == ["a", "b"])
    }

    @Test func whatLeftThePlansWhileItWasDownIsRemoved() async throws {
        var bench = Bench()
        bench.plans = [try Self.plan("p", "daily 09:00"), try Self.plan("q", "daily 09:00")]
        try await bench.serve { [bench] _ in #expect(await eventually { bench.isReady.value }) }
        bench.plans.removeLast()
        try await bench.serve { [bench] _ in #expect(await eventually { bench.isReady.value }) }
        var ledger = DispatchLedger(store: bench.store, host: bench.clock.host)
        try await ledger.open(TimingReader(host: bench.clock.host) { _ in [:] })
        #expect(ledger.record.procedures.filter { $0.value.isRemoved }.keys.map(\.procedure) == ["q"])
    }
}
