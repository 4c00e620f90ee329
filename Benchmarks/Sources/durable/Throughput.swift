import Engine
import Host
import Journal

/// How many runs of three steps come to their end in a second.
struct Throughput {
    let store: Store
    let atOnce: Int
    let work: Procedures.Work
    private let host = Host.system

    func measure(for time: Duration) async throws {
        let journal = try await store.open()
        let procedures = Procedures(store: journal)
        // What is made once: connections, statements, series.
        try await runs(procedures, until: host.steady() + .seconds(1))
        let before = (Machine.processorTime, host.steady())
        let ended = try await journal.keeping { [self] in
            try await runs(procedures, until: host.steady() + time)
        }
        let took = (host.steady() - before.1).inSeconds
        let newest = try await journal.rows(RunFilter(states: [.ended], limit: 1))
        let records = try await journal.records(of: newest[0].id)
        // The last step and the end are written together.
        let batches = records.count - 1
        let bytes = try await size(of: records, in: journal)
        DurableBench.say("runs a second", Double(ended) / took, digits: 1)
        DurableBench.say("commits a second", Double(ended * batches) / took, digits: 1)
        DurableBench.say("commits of a run", Double(batches), digits: 0)
        DurableBench.say("bytes of a commit", Double(bytes / batches), digits: 0)
        DurableBench.say(
            "processor, ms a run", (Machine.processorTime - before.0).inSeconds / Double(max(1, ended)) * 1000)
        await journal.close()
    }

    /// What was handed to the store: the records with the evidence beside them.
    private func size(of records: [Record], in journal: any JournalStore) async throws -> Int {
        let digests = records.flatMap { record in
            String(decoding: record.body, as: UTF8.self).split(separator: #""attachment":""#).dropFirst()
                .map { String($0.prefix(64)) }
        }
        let evidence = try await journal.bodies(digests).values.reduce(0) { $0 + $1.count }
        return evidence
            + records.reduce(0) { sum, record in
                sum + record.body.count + record.run.utf8.count + record.kind.utf8.count
                    + record.bodyDigest.utf8.count + record.previous.utf8.count + record.digest.utf8.count
            }
    }

    /// Each worker's runs follow one another; the answer is how many ended in time.
    @discardableResult
    private func runs(_ procedures: Procedures, until end: Duration) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for worker in 0..<atOnce {
                group.addTask {
                    var count = 0
                    while host.steady() < end {
                        try await procedures.run(RunID.make(at: host.now(), host), of: "worker-\(worker)", 3, work)
                        count += 1
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
    }
}
