import Host
import Journal
import Maintenance
import PostgreSQLJournal
import SQLiteJournal
import Sandbox
import TestSupport
import Testing

/// The stores that must all behave alike.
enum StoreKind: String, CaseIterable, Sendable {
    case memory, sqlite, postgresql

    func with(_ work: (any JournalStore) async throws -> Void) async throws {
        switch self {
        case .memory: try await work(MemoryJournal())
        case .sqlite:
            try await withFolder { folder throws in
                try await withWriter(folder + "/journal.sqlite") { try await work($0) }
            }
        case .postgresql:
            let server = try await PostgreSQLServer.shared()
            try await Gate.databases.pass {
                try await server.withDatabase { database in
                    let journal = try await PostgreSQLJournal.writer(
                        at: server.url(database: database), node: "node-1", host: .system)
                    do { try await work(journal) } catch {
                        await journal.close()
                        throw error
                    }
                    await journal.close()
                }
            }
        }
    }
}

/// What the engine may rely on, whatever the store.
@Suite struct ConformanceTests {
    /// Each has an answer of its own, and what one leaves the next continues.
    @Test(arguments: StoreKind.allCases)
    func batchesThatComeTogetherAreAnsweredEachByItself(kind: StoreKind) async throws {
        try await kind.with { store throws in
            let (one, two, three) = (Sample.chain("r1", 3), Sample.chain("r2", 2), Sample.chain("r3", 1))
            let gap = Batch(records: [two[1]])
            let batches = [
                Batch(records: [one[0]], rows: [Sample.row("r1")]), gap, Batch(records: [one[1]]),
                Batch(records: three, rows: [Sample.row("r3", nominal: 3)]), Batch(records: [one[2]]),
            ]
            let answers = await store.append(each: batches)
            let codes = answers.map { answer -> JournalError.Code? in
                if case .failure(let error) = answer { error.code } else { nil }
            }
            #expect(codes == [nil, .conflict, nil, nil, nil])
            #expect(try await store.records(of: "r1") == one)
            #expect(try await store.records(of: "r2").isEmpty)
            #expect(try await store.records(of: "r3") == three)
            #expect(await store.append(each: []).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aBatchComesBackAsItWas(kind: StoreKind) async throws {
        try await kind.with { store throws in
            let chain = Sample.chain("r1", 3)
            let evidence = Body(Array("rows: 42".utf8))
            var row = Sample.row("r1")
            row.owner = ProcessIdentity(pid: 4711, startTime: .max, bootID: "b-1")
            try await store.append(Batch(records: Array(chain[..<2]), bodies: [evidence], rows: [row]))
            try await store.append(Batch(records: [chain[2]]))

            #expect(try await store.records(of: "r1") == chain)
            #expect(try await store.records(of: "r1", fromLast: "unit.applied") == [chain[2]])
            #expect(try await store.records(of: "r1", fromLast: "none") == chain)
            #expect(try await store.records(of: "none", fromLast: "none").isEmpty)
            #expect(try await store.body(evidence.digest) == evidence.bytes)
            #expect(try await store.row("r1") == row)
            #expect(try await store.row(of: row.occurrence) == row)
            #expect(try await store.row(of: Sample.row("", nominal: 1).occurrence) == nil)
            try Record.verifyChain(try await store.records(of: "r1"))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func severalAreReadInOneQuestion(kind: StoreKind) async throws {
        try await kind.with { store throws in
            let names = (0..<450).map { "r\($0)" }
            for name in names { try await store.append(Batch(records: Sample.chain(name, 3))) }
            let bodies = (0..<450).map { Body(Array("rows: \($0)".utf8)) }
            try await store.append(Batch(bodies: bodies))

            let records = try await store.records(ofEach: names + ["none"])
            #expect(records.count == 450)
            #expect(records["r449"] == Sample.chain("r449", 3))
            let found = try await store.bodies(bodies.map(\.digest) + ["none"])
            #expect(found.count == 450)
            #expect(found[bodies[7].digest] == bodies[7].bytes)
            #expect(try await store.records(ofEach: []).isEmpty)
            #expect(try await store.bodies([]).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func whatIsUnknownIsNothingAndNoError(kind: StoreKind) async throws {
        try await kind.with { store throws in
            #expect(try await store.records(of: "none").isEmpty)
            #expect(try await store.body("none") == nil)
            #expect(try await store.row("none") == nil)
            #expect(try await store.row("") == nil)
            #expect(try await store.rows(RunFilter()).isEmpty)
            #expect(try await store.points(key: "none", name: "none", limit: 10).isEmpty)
            try await store.append(Batch())
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aRecordThatDoesNotContinueItsRunIsRefused(kind: StoreKind) async throws {
        try await kind.with { store throws in
            let chain = Sample.chain("r1", 4)
            try await store.append(Batch(records: Array(chain[..<2])))
            let stranger = Record.next(
                after: Record.next(after: chain[0], run: "r1", at: Sample.start, kind: "other", body: [123, 125]),
                run: "r1", at: Sample.start, kind: "other", body: [123, 125])

            #expect(await code { try await store.append(Batch(records: [chain[1]])) } == .conflict)  // again
            #expect(await code { try await store.append(Batch(records: [chain[3]])) } == .conflict)  // a gap
            #expect(await code { try await store.append(Batch(records: [stranger])) } == .conflict)  // a fork
            #expect(await code { try await store.append(Batch(records: [chain[3], chain[2]])) } == .conflict)
            #expect(try await store.records(of: "r1") == Array(chain[..<2]))
            try await store.append(Batch(records: Array(chain[2...])))
            #expect(try await store.records(of: "r1") == chain)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aRecordWhoseDigestDoesNotFitIsRefused(kind: StoreKind) async throws {
        try await kind.with { store throws in
            let good = Sample.chain("r1", 1)[0]
            let forged = Record(
                run: good.run, sequence: 1, at: good.at, kind: good.kind, body: Array("{}".utf8),
                bodyDigest: good.bodyDigest, previous: "", digest: good.digest)
            #expect(await code { try await store.append(Batch(records: [forged])) } == .conflict)
            #expect(await code { try await store.append(Batch(records: [good.erased])) } == .conflict)
            #expect(try await store.records(of: "r1").isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func anOccurrenceHasARunOrAReasonWhyNot(kind: StoreKind) async throws {
        try await kind.with { store throws in
            func missed(_ nominal: Int64, _ cause: String = "down") -> MissedRow {
                MissedRow(
                    occurrence: Sample.row("", nominal: nominal).occurrence, cause: cause,
                    sentence: "Nobody was there.",
                    decidedAt: Sample.at(100))
            }
            try await store.append(Batch(rows: [Sample.row("r1")], missed: [missed(60), missed(120)]))
            // What was decided first stays.
            try await store.append(Batch(missed: [missed(60, "held"), missed(180)]))
            #expect(try await store.missed(MissedFilter()) == [missed(180), missed(120), missed(60)])
            #expect(try await store.missed(MissedFilter(limit: 1)) == [missed(180)])
            #expect(
                try await store.missed(
                    MissedFilter(
                        service: "steam", environment: "production", procedure: "weekly", nominalFrom: Sample.at(61),
                        nominalBefore: Sample.at(180))) == [missed(120)])
            #expect(try await store.missed(MissedFilter(procedure: "daily")).isEmpty)

            let taken = await failure { try await store.append(Batch(missed: [missed(240), missed(0)])) }
            #expect(taken?.code == .occurrenceTaken)
            #expect(taken?.run == "r1")
            #expect(
                await code { try await store.append(Batch(rows: [Sample.row("r2", nominal: 60)])) } == .occurrenceTaken)
            #expect(try await store.missed(MissedFilter()).count == 3)
            #expect(try await store.row("r2") == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aRefusedBatchLeavesNothing(kind: StoreKind) async throws {
        try await kind.with { store throws in
            try await store.append(Batch(rows: [Sample.row("first")]))
            let chain = Sample.chain("second", 1)
            let body = Body([1, 2, 3])
            let point = HistoryPoint(key: "k", name: "rows", at: Sample.start, value: 1)
            // Its last row is the second run of an occurrence.
            let batch = Batch(
                records: chain, bodies: [body], rows: [Sample.row("third", nominal: 60), Sample.row("second")],
                points: [point])
            let error = await failure { try await store.append(batch) }

            #expect(error?.code == .occurrenceTaken)
            #expect(error?.run == "first")
            #expect(try await store.records(of: "second").isEmpty)
            #expect(try await store.body(body.digest) == nil)
            #expect(try await store.row("third") == nil)
            #expect(try await store.points(key: "k", name: "rows", limit: 1).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func anOccurrenceHasOneRun(kind: StoreKind) async throws {
        try await kind.with { store throws in
            try await store.append(Batch(rows: [Sample.row("r1")]))
            #expect(await code { try await store.append(Batch(rows: [Sample.row("r2")])) } == .occurrenceTaken)
            for other in [
                Sample.row("r3", service: "heat"), Sample.row("r4", environment: "staging"),
                Sample.row("r5", procedure: "daily"), Sample.row("r6", nominal: 1),
            ] {
                try await store.append(Batch(rows: [other]))
            }
            // Nor may a run move to another occurrence, nor a batch bring two of one.
            #expect(await code { try await store.append(Batch(rows: [Sample.row("r1", nominal: 9)])) } == .conflict)
            let twice = Batch(rows: [Sample.row("r7", nominal: 7), Sample.row("r8", nominal: 7)])
            #expect(await failure { try await store.append(twice) }?.run == "r7")
            #expect(try await store.rows(RunFilter()).count == 5)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aRowIsUpdatedInPlace(kind: StoreKind) async throws {
        try await kind.with { store throws in
            var row = Sample.row("r1")
            row.owner = ProcessIdentity(pid: 1, startTime: 2, bootID: "b")
            try await store.append(Batch(rows: [row]))
            var waiting = row
            waiting.state = .waiting
            var ended = waiting
            ended.state = .ended
            ended.verdict = .unknown
            ended.endedAt = Sample.at(90)
            ended.owner = nil
            try await store.append(Batch(rows: [waiting, ended]))
            #expect(try await store.row("r1") == ended)
            #expect(try await store.rows(RunFilter()) == [ended])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aRunIsFoundByTheBeginningOfItsID(kind: StoreKind) async throws {
        try await kind.with { store throws in
            for (number, id) in ["ab", "abc1", "abc2", "b%_", "é1"].enumerated() {
                try await store.append(Batch(rows: [Sample.row(id, nominal: Int64(number))]))
            }
            #expect(try await store.row("ab")?.id == "ab")
            #expect(try await store.row("abc2")?.id == "abc2")
            #expect(try await store.row("b")?.id == "b%_")
            #expect(try await store.row("é")?.id == "é1")
            #expect(try await store.row("%") == nil)
            #expect(try await store.row("ac") == nil)
            #expect(await code { _ = try await store.row("abc") } == .ambiguous)
            #expect(await code { _ = try await store.row("a") } == .ambiguous)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func rowsAreFilteredAndComeNewestFirst(kind: StoreKind) async throws {
        try await kind.with { store throws in
            try await store.append(
                Batch(rows: [
                    Sample.row("a", nominal: 1, started: 10, state: .ended),
                    Sample.row("b", nominal: 2, started: 30, state: .waiting),
                    Sample.row("c", nominal: 3, started: 20),
                    Sample.row("d", nominal: 4, started: 20, state: .ended),
                    Sample.row("e", procedure: "daily", nominal: 5, started: 40),
                    Sample.row("f", service: "heat", nominal: 6, started: 50),
                    Sample.row("g", environment: "staging", nominal: 7, started: 60),
                ]))
            func ids(_ filter: RunFilter) async throws -> String {
                try await store.rows(filter).map(\.id).joined()
            }
            #expect(try await ids(RunFilter()) == "gfebdca")
            #expect(try await ids(RunFilter(service: "steam")) == "gebdca")
            #expect(try await ids(RunFilter(service: "steam", environment: "production")) == "ebdca")
            #expect(try await ids(RunFilter(procedure: "weekly")) == "gfbdca")
            #expect(try await ids(RunFilter(states: [.ended])) == "da")
            #expect(try await ids(RunFilter(states: [.running, .waiting])) == "gfebc")
            #expect(try await ids(RunFilter(states: [])) == "")
            #expect(try await ids(RunFilter(startedFrom: Sample.at(30))) == "gfeb")
            #expect(try await ids(RunFilter(startedBefore: Sample.at(30))) == "dca")
            #expect(try await ids(RunFilter(startedFrom: Sample.at(20), startedBefore: Sample.at(40), limit: 1)) == "b")
            #expect(try await ids(RunFilter(limit: 3)) == "gfe")
            #expect(try await ids(RunFilter(limit: 0)) == "")
            #expect(try await ids(RunFilter(limit: -1)) == "")
            #expect(try await ids(RunFilter(service: "' OR 1=1 --")) == "")
        }
    }

    @Test(arguments: StoreKind.allCases)
    func pointsComeNewestFirstAndOnlyOfTheirSeries(kind: StoreKind) async throws {
        try await kind.with { store throws in
            func point(_ seconds: Int64, _ value: Double, key: String = "k", name: String = "rows") -> HistoryPoint {
                HistoryPoint(key: key, name: name, at: Sample.at(seconds), value: value)
            }
            try await store.append(
                Batch(points: [
                    point(20, 2), point(10, 1), point(30, .nan), point(30, .infinity), point(5, 9, key: "other"),
                    point(5, 9, name: "other"),
                ]))
            try await store.append(Batch(points: [point(20, -2.5)]))
            let points = try await store.points(key: "k", name: "rows", limit: 10)
            #expect(
                points == [
                    PastMeasurement(at: Sample.at(20), value: -2.5), PastMeasurement(at: Sample.at(20), value: 2),
                    PastMeasurement(at: Sample.at(10), value: 1),
                ])
            #expect(try await store.points(key: "k", name: "rows", limit: 1).map(\.value) == [-2.5])
            #expect(try await store.points(key: "k", name: "rows", limit: -5).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func ofMomentsNothingIsLost(kind: StoreKind) async throws {
        try await kind.with { store throws in
            let at = Instant(microsecondsSinceEpoch: -1)
            let record = Record.next(after: nil, run: "r1", at: at, kind: "k", body: Array("{\"é\":\"\u{0}\"}".utf8))
            try await store.append(
                Batch(records: [record], points: [HistoryPoint(key: "k", name: "n", at: at, value: 0.1 + 0.2)]))
            #expect(try await store.records(of: "r1") == [record])
            #expect(
                try await store.points(key: "k", name: "n", limit: 1) == [PastMeasurement(at: at, value: 0.1 + 0.2)])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func ofManyWritersOfOneRunOneWins(kind: StoreKind) async throws {
        try await kind.with { store throws in
            let wins = await withTaskGroup(of: Bool.self) { group in
                for writer in 0..<20 {
                    group.addTask {
                        let record = Record.next(
                            after: nil, run: "r1", at: Sample.at(Int64(writer)), kind: "k", body: [123, 125])
                        return await code { try await store.append(Batch(records: [record])) } == nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(wins == 1)
            #expect(try await store.records(of: "r1").count == 1)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aCancelledTaskStillRecords(kind: StoreKind) async throws {
        try await kind.with { store throws in
            let task = Task {
                while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(2)) }
                try await store.append(Batch(records: Sample.chain("r1", 2)))
                return try await store.records(of: "r1").count
            }
            task.cancel()
            #expect(try await task.value == 2)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func whatIsTooLargeIsRefused(kind: StoreKind) async throws {
        try await kind.with { store throws in
            let body = [UInt8](repeating: 32, count: JournalLimits.recordBody + 1)
            let record = Record.next(after: nil, run: "r1", at: Sample.start, kind: "k", body: body)
            #expect(await code { try await store.append(Batch(records: [record])) } == .tooLarge)
            #expect(try await store.records(of: "r1").isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aClosedStoreSaysSo(kind: StoreKind) async throws {
        try await kind.with { store throws in
            await store.close()
            await store.close()
            #expect(await code { try await store.append(Batch(records: Sample.chain("r1", 1))) } == .unreadable)
            #expect(await code { _ = try await store.records(of: "r1") } == .unreadable)
            #expect(await code { _ = try await store.rows(RunFilter()) } == .unreadable)
        }
    }
}
