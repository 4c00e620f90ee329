import Glibc
import Host
import Maintenance

/// Ends processes with their whole process groups: asks, waits, kills, and looks whether they are gone.
///
/// It blocks its thread for a bounded time, because it has to finish where the task around it is cancelled already.
struct ProcessSweep: Sendable {
    struct Outcome: Sendable {
        var ended: Set<ProcessEntry> = []
        var remaining: [ProcessEntry] = []
    }

    let table: ProcessTable
    let grace: Duration
    let isMeant: @Sendable (ProcessEntry) -> Bool

    func run() -> Outcome {
        var seen: Set<ProcessEntry> = []
        var asked: Set<ProcessEntry> = []
        for (signal, patience) in [(SIGTERM, grace), (SIGKILL, ProgramLimits.disappearance)] {
            let limit = table.host.steady() + patience
            repeat {
                // Again each time: what is ending may have started something new.
                let found = meant(besides: seen)
                if found.isEmpty { return Outcome(ended: seen) }
                seen.formUnion(found.map(Self.identity))
                let fresh = found.filter { signal == SIGKILL || asked.insert(Self.identity($0)).inserted }
                send(signal, to: fresh)
                while table.host.steady() < limit, found.contains(where: isStillThere) { pause() }
            } while table.host.steady() < limit
        }
        let remaining = meant(besides: seen)
        return Outcome(ended: seen.subtracting(remaining.map(Self.identity)), remaining: remaining)
    }

    /// Those that are meant or were, and the rest of their groups: one may hide what the others show. Never this
    /// process, what started it, or its group.
    private func meant(besides seen: Set<ProcessEntry>) -> [ProcessEntry] {
        let line = table.ownLine()
        let own = getpgrp()
        let all = table.all().filter { $0.isAtWork && !line.contains($0.pid) && $0.group > 1 && $0.group != own }
        let groups = Set(all.filter { isMeant($0) || seen.contains(Self.identity($0)) }.map(\.group))
        return all.filter { groups.contains($0.group) }
    }

    private func send(_ signal: Int32, to entries: [ProcessEntry]) {
        let line = table.ownLine()
        for group in Set(entries.map(\.group)) where !line.contains(where: { getpgid($0) == group }) {
            kill(-group, signal)
        }
    }

    private func isStillThere(_ entry: ProcessEntry) -> Bool {
        table.entry(entry.pid).map { $0.isAtWork && $0.startTime == entry.startTime } ?? false
    }

    private func pause() { poll(nil, 0, ProgramLimits.pollMilliseconds) }

    /// The entry without what changes while a process lives.
    private static func identity(_ entry: ProcessEntry) -> ProcessEntry {
        ProcessEntry(pid: entry.pid, startTime: entry.startTime)
    }
}

extension ProcessEntry {
    init(pid: Int32, startTime: UInt64) {
        self.pid = pid
        self.startTime = startTime
        parent = 0
        group = 0
        session = 0
        state = "?"
    }
}
