import Glibc
public import Host
public import Maintenance

/// The processes that runs left behind: a process that was killed could not end its children.
public enum Programs {
    /// Ends every process that carries the label of this run, with its whole process group, and those of the journalled
    /// children that still are who they were; says how many. Throws `CouldNotLook` where some remain or could not be
    /// looked at in time.
    @discardableResult
    public static func endLeftChildren(
        of run: String, known: [ProcessIdentity] = [], on host: Host, grace: Duration = ProgramLimits.grace
    ) async throws -> Int {
        let table = ProcessTable(host: host)
        let deadline = host.steady() + grace + ProgramLimits.disappearance + ProgramLimits.grace
        let outcome = try await OffPool.run(until: deadline, on: host) {
            let sessions = Set(known.filter { isAtWork($0, in: table) }.map(\.pid))
            return ProcessSweep(table: table, grace: grace) { entry in
                sessions.contains(entry.session) || table.work(of: entry.pid)?.hasPrefix(run + "/") == true
            }.run()
        }
        guard let outcome else {
            throw CouldNotLook(.timedOut, "The processes of an earlier run could not be looked through in time.")
        }
        guard outcome.remaining.isEmpty else {
            let list = outcome.remaining.prefix(10).map { String($0.pid) }.joined(separator: ", ")
            throw CouldNotLook(
                .noPermission,
                "Processes of an earlier run still work and could not be ended (\(list)); end them by hand.")
        }
        return outcome.ended.count
    }

    /// Whether this very process still works: its id may have gone to another one since.
    public static func isAlive(_ child: ProcessIdentity, on host: Host) async throws -> Bool {
        let table = ProcessTable(host: host)
        let deadline = host.steady() + ProgramLimits.disappearance
        guard let alive = try await OffPool.run(until: deadline, on: host, { isAtWork(child, in: table) }) else {
            throw CouldNotLook(.timedOut, "Process \(child.pid) could not be looked at in time.")
        }
        return alive
    }

    static func isAtWork(_ child: ProcessIdentity, in table: ProcessTable) -> Bool {
        guard table.bootID == child.bootID, let entry = table.entry(child.pid) else { return false }
        return entry.isAtWork && entry.startTime == child.startTime
    }

    /// Who a process is, for the journal.
    static func identity(of pid: Int32, in table: ProcessTable) -> ProcessIdentity? {
        guard let entry = table.entry(pid), let bootID = table.bootID else { return nil }
        return ProcessIdentity(pid: pid, startTime: entry.startTime, bootID: bootID)
    }
}
