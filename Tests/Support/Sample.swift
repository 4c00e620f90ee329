package import Host
package import Journal

/// Values for tests of the journal.
package enum Sample {
    package static let start = Instant("2026-11-22T02:00:00Z") ?? Instant(secondsSinceEpoch: 0)

    package static func at(_ seconds: Int64) -> Instant { start + .seconds(seconds) }

    /// A chain of `count` records.
    package static func chain(_ run: String, _ count: Int, bytes: Int = 20) -> [Record] {
        var records: [Record] = []
        for number in 0..<count {
            let body = #"{"n":\#(number),"pad":"\#(String(repeating: "x", count: bytes))"}"#
            records.append(
                Record.next(
                    after: records.last, run: run, at: at(Int64(number)), kind: "unit.applied", body: Array(body.utf8)))
        }
        return records
    }

    package static func row(
        _ id: String, service: String = "steam", environment: String = "production", procedure: String = "weekly",
        nominal: Int64 = 0, started: Int64 = 0, state: RunState = .running
    ) -> RunRow {
        RunRow(
            id: id, service: service, environment: environment, procedure: procedure, nominal: at(nominal),
            startedAt: at(started), state: state)
    }
}

/// The code of the error that the work throws; `nil` when it throws none.
package func code(_ work: () async throws -> Void) async -> JournalError.Code? {
    await failure(work)?.code
}

package func failure(_ work: () async throws -> Void) async -> JournalError? {
    do {
        try await work()
        return nil
    } catch {
        return error as? JournalError
    }
}
