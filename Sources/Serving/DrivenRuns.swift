public import Dispatching
public import Engine
public import Journal
public import Maintenance
import Synchronization

/// Runs that this process drives, and can ask to stop.
public final class DrivenRuns: RunWork {
    private let owner: ProcessIdentity
    private let driver: @Sendable () -> RunDriver
    private let driven: @Sendable (Run) async -> Void
    private let work = Mutex(Work())

    private struct Work {
        var drivers: [Dispatching.Occurrence: (run: String, driver: RunDriver)] = [:]
        /// Asked to stop before their drivers were there.
        var cancelled: [Dispatching.Occurrence: Cause] = [:]
    }

    /// - Parameter driven: Told of each run that came to its end here.
    public init(
        owner: ProcessIdentity, driver: @escaping @Sendable () -> RunDriver,
        driven: @escaping @Sendable (Run) async -> Void
    ) {
        self.owner = owner
        self.driver = driver
        self.driven = driven
    }

    /// The runs in hand by their ids.
    public var inHand: [String] { work.withLock { work in work.drivers.values.map(\.run) } }

    public func begin(_ id: String, _ start: RunStart, of occurrence: Dispatching.Occurrence) async throws {
        try await drive(id, occurrence) { try await $0.begin(id, start) }
    }

    public func finish(_ row: RunRow, of occurrence: Dispatching.Occurrence) async throws {
        try await drive(row.id, occurrence) { [owner] in try await $0.resume(row, by: owner) }
    }

    private func drive(
        _ id: String, _ occurrence: Dispatching.Occurrence, _ body: (RunDriver) async throws -> Run
    ) async throws {
        let driver = driver()
        let cause = work.withLock { work in
            work.drivers[occurrence] = (id, driver)
            return work.cancelled.removeValue(forKey: occurrence)
        }
        if let cause { driver.cancel(cause) }
        defer { _ = work.withLock { $0.drivers.removeValue(forKey: occurrence) } }
        await driven(try await body(driver))
    }

    public func cancel(_ occurrence: Dispatching.Occurrence, _ cause: Cause) {
        let driver = work.withLock { work in
            if work.drivers[occurrence] == nil { work.cancelled[occurrence] = cause }
            return work.drivers[occurrence]?.driver
        }
        driver?.cancel(cause)
    }

    public func stop(_ occurrence: Dispatching.Occurrence) {
        work.withLock { $0.drivers[occurrence]?.driver }?.letGo()
    }

    /// Leaves all runs in hand at their next safe points.
    func stopAll() {
        for occurrence in work.withLock({ Array($0.drivers.keys) }) { stop(occurrence) }
    }
}
