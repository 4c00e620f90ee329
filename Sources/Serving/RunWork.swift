public import Dispatching
public import Engine
public import Journal
public import Maintenance

/// How runs of occurrences come to their end: in this process, or by whichever node takes them.
public protocol RunWork: Sendable {
    /// Begins the run and sees it to its end.
    func begin(_ id: String, _ start: RunStart, of occurrence: Dispatching.Occurrence) async throws
    /// Sees a run that is in the journal already to its end.
    func finish(_ row: RunRow, of occurrence: Dispatching.Occurrence) async throws
    /// Asks the run to stop at its next safe point, also one that is only just being begun.
    func cancel(_ occurrence: Dispatching.Occurrence, _ cause: Cause) async
    /// This process stops: what it does for the run ends at the next safe point, and the run goes on with the next.
    func stop(_ occurrence: Dispatching.Occurrence)
}
